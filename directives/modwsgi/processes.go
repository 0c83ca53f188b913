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
