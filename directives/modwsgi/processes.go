package modwsgi

import "httpd-wsgi/directives"

// Processes is what the process model asks of a compiled configuration.
type Processes struct {
	plan  *directives.Plan
	slots directives.Slots[Server, Dir]
	on    bool
}

// Of returns it. Of a configuration without mod_wsgi it is empty.
func Of(p *directives.Plan) *Processes {
	return directives.State(p, "modwsgi processes", func() *Processes { return &Processes{plan: p} })
}

// remember files the slots of a compiled configuration that has mod_wsgi.
func remember(p *directives.Plan, slots directives.Slots[Server, Dir]) {
	o := Of(p)
	o.slots, o.on = slots, true
}

// Daemons are the process groups, in the order of the configuration.
func (o *Processes) Daemons() []*Daemon {
	var out []*Daemon
	if o.on {
		for _, s := range o.plan.Servers() {
			own, _ := s.Own()
			if conf := o.slots.Server.In(own); conf != nil {
				out = append(out, conf.Daemons...)
			}
		}
	}
	return out
}

// Imports are the scripts that a process of the group loads at its start.
func (o *Processes) Imports(group string) []Import {
	if !o.on {
		return nil
	}
	return Imports(o.plan, o.slots.Server, group)
}

// Python are the settings of the interpreters; nil without mod_wsgi.
func (o *Processes) Python() *Python {
	if !o.on {
		return nil
	}
	return &o.slots.Server.Of(o.plan.Main.Conf).Python
}

// Aliases are a server's own, in the order of the configuration.
func (o *Processes) Aliases(s *directives.Server) []*Alias {
	if !o.on {
		return nil
	}
	own, _ := s.Own()
	if conf := o.slots.Server.In(own); conf != nil {
		return conf.Aliases
	}
	return nil
}

// Groups are the process group and the application group of requests that an
// alias maps (nil: none does) and that have these merged configurations.
func (o *Processes) Groups(a *Alias, server, dir *directives.Vector) (process, application Name) {
	s, d := o.slots.Server.Of(server), o.slots.Dir.Of(dir)
	p, g := d.ProcessGroup.Or(s.ProcessGroup), d.ApplicationGroup.Or(s.ApplicationGroup)
	if a != nil {
		p, g = a.ProcessGroup.Or(p), a.ApplicationGroup.Or(g)
	}
	return p.Get(Name{kind: global, text: "%{GLOBAL}"}), g.Get(Name{kind: resource, text: "%{RESOURCE}"})
}
