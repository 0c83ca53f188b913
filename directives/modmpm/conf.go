package modmpm

import (
	"time"

	"httpd-wsgi/directives"
)

// Conf is the configuration of an MPM, read from the main server's. What was
// not set has the model's default, which package mpm knows.
type Conf struct {
	Listen        []Listen
	ListenBacklog directives.Opt[int]
	// SendBuffer and ReceiveBuffer are socket buffer sizes in bytes, 0 for the system's.
	SendBuffer, ReceiveBuffer directives.Opt[int]

	StartServers       directives.Opt[int]
	ServerLimit        directives.Opt[int]
	ThreadLimit        directives.Opt[int]
	ThreadsPerChild    directives.Opt[int]
	MaxRequestWorkers  directives.Opt[int]
	MinSpare, MaxSpare directives.Opt[int] // threads in worker and event, servers in prefork
	AsyncFactor        directives.Opt[float64]
	GracefulShutdown   directives.Opt[time.Duration]
}

// Listen is one Listen line.
type Listen struct {
	// Host is an address without brackets or a name; "" for every address.
	Host string
	Port int
	// Protocol is the second argument in lower case; else "https" for port 443 and "http" for others.
	Protocol string
}

// Model is a process model.
type Model uint8

const (
	Event Model = iota
	Worker
	Prefork
)

// ID is the name of the model's module for LoadModule.
func (m Model) ID() string { return "mpm_" + m.String() + "_module" }

// String is the model's name in Apache.
func (m Model) String() string { return [...]string{"event", "worker", "prefork"}[m] }

// Slots are the three models' slots.
type Slots [3]directives.Slot[Conf]

// Of gives the model that a plan loads and its configuration.
func (s Slots) Of(p *directives.Plan) (Model, *Conf) {
	for _, m := range [...]Model{Worker, Prefork} {
		if p.Loaded.Has(m.ID()) {
			return m, s[m].Of(p.Main.Conf)
		}
	}
	return Event, s[Event].Of(p.Main.Conf)
}
