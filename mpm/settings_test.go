package mpm

import (
	"strings"
	"testing"
)

// The texts are those that Apache 2.4.71 printed for the same directives.
func TestClampWarnsAsApache(t *testing.T) {
	for _, c := range []struct {
		name  string
		model Model
		set   func(*Settings)
		want  string
	}{
		{"defaults", Event, func(s *Settings) {}, ""},
		{"defaults", Worker, func(s *Settings) {}, ""},
		{"defaults", Prefork, func(s *Settings) {}, ""},
		{"too large", Event, func(s *Settings) { s.ServerLimit, s.ThreadLimit = 30000, 200000 }, `
AH00497: WARNING: ServerLimit of 30000 exceeds compile-time limit of 20000 servers, decreasing to 20000.
AH00502: WARNING: ThreadLimit of 200000 exceeds compile-time limit of 100000 threads, decreasing to 100000.`},
		{"zeros", Event, func(s *Settings) {
			s.ServerLimit, s.ThreadLimit, s.ThreadsPerChild, s.StartServers, s.MinSpareThreads = 0, 0, 0, 0, 0
		}, `
AH00499: WARNING: ServerLimit of 0 not allowed, increasing to 1.
AH00504: WARNING: ThreadLimit of 0 not allowed, increasing to 1.
AH00509: WARNING: ThreadsPerChild of 0 not allowed, increasing to 1.
AH00515: WARNING: MaxRequestWorkers of 400 would require 400 servers and would exceed ServerLimit of 1, decreasing to 1. To increase, please see the ServerLimit directive.
AH00517: WARNING: StartServers of 0 not allowed, increasing to 1.
AH00519: WARNING: MinSpareThreads of 0 not allowed, increasing to 1 to avoid almost certain server failure. Please read the documentation.`},
		{"ThreadsPerChild", Event, func(s *Settings) { s.ThreadsPerChild = 100 }, `
AH00507: WARNING: ThreadsPerChild of 100 exceeds ThreadLimit of 64 threads, decreasing to 64. To increase, please see the ThreadLimit directive.
AH00513: WARNING: MaxRequestWorkers of 400 is not an integer multiple of ThreadsPerChild of 64, decreasing to nearest multiple 384, for a maximum of 6 servers.`},
		{"few workers", Event, func(s *Settings) { s.MaxRequestWorkers = 10 }, `
AH00511: WARNING: MaxRequestWorkers of 10 is less than ThreadsPerChild of 25, increasing to 25. MaxRequestWorkers must be at least as large as the number of threads in a single server.`},
		{"odd workers", Event, func(s *Settings) { s.MaxRequestWorkers = 60 }, `
AH00513: WARNING: MaxRequestWorkers of 60 is not an integer multiple of ThreadsPerChild of 25, decreasing to nearest multiple 50, for a maximum of 2 servers.`},
		{"many workers", Event, func(s *Settings) { s.MaxRequestWorkers = 1000 }, `
AH00515: WARNING: MaxRequestWorkers of 1000 would require 40 servers and would exceed ServerLimit of 16, decreasing to 400. To increase, please see the ServerLimit directive.`},
		{"many workers", Worker, func(s *Settings) { s.MaxRequestWorkers = 1000 }, `
AH00318: WARNING: MaxRequestWorkers of 1000 would require 40 servers and would exceed ServerLimit of 16, decreasing to 400. To increase, please see the ServerLimit directive.`},
		{"many workers", Prefork, func(s *Settings) { s.MaxRequestWorkers = 1000 }, `
AH00180: WARNING: MaxRequestWorkers of 1000 exceeds ServerLimit value of 256 servers, decreasing MaxRequestWorkers to 256. To increase, please see the ServerLimit directive.`},
		{"zeros", Prefork, func(s *Settings) {
			s.MaxRequestWorkers, s.StartServers, s.MinSpareServers, s.ServerLimit = 0, 0, 0, 0
		}, `
AH00177: WARNING: ServerLimit of 0 not allowed, increasing to 1.
AH00182: WARNING: MaxRequestWorkers of 0 not allowed, increasing to 1.
AH00184: WARNING: StartServers of 0 not allowed, increasing to 1.
AH00186: WARNING: MinSpareServers of 0 not allowed, increasing to 1 to avoid almost certain server failure. Please read the documentation.`},
		{"too large", Prefork, func(s *Settings) { s.ServerLimit = 300000 }, `
AH00175: WARNING: ServerLimit of 300000 exceeds compile-time limit of 200000 servers, decreasing to 200000.`},
	} {
		t.Run(c.model.Name()+" "+c.name, func(t *testing.T) {
			s := Defaults(c.model)
			c.set(&s)
			var got strings.Builder
			for _, e := range s.Clamp(nil) {
				if e.Level != Warning || !e.Console {
					t.Errorf("level %d, console %v: %s", e.Level, e.Console, e)
				}
				got.WriteString("\n" + e.String())
			}
			if got.String() != c.want {
				t.Errorf("got  %s\nwant %s", got.String(), c.want)
			}
			if again := s.Clamp(nil); len(again) > 0 {
				t.Errorf("not settled: %v", again)
			}
			if s.Children() < 1 || s.StartServers > s.Children() {
				t.Errorf("%d children, starts %d", s.Children(), s.StartServers)
			}
		})
	}
}

func TestClampAtRestart(t *testing.T) {
	prev := Defaults(Event)
	prev.Clamp(nil)
	s := Defaults(Event)
	s.ServerLimit, s.ThreadLimit, s.MaxRequestWorkers = 32, 128, 60
	var got []string
	for _, e := range s.Clamp(&prev) {
		got = append(got, e.String())
	}
	want := []string{
		"AH00501: changing ServerLimit to 32 from original value of 16 not allowed during restart",
		"AH00506: changing ThreadLimit to 128 from original value of 64 not allowed during restart",
		"AH00514: MaxRequestWorkers of 60 is not an integer multiple of ThreadsPerChild of 25, decreasing to nearest multiple 50",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if s.ServerLimit != 16 || s.ThreadLimit != 64 {
		t.Errorf("limits %d, %d", s.ServerLimit, s.ThreadLimit)
	}
}

func TestOneProcess(t *testing.T) {
	for _, m := range []Model{Event, Worker, Prefork} {
		s := Defaults(m)
		s.OneProcess = true
		s.Clamp(nil)
		if s.Children() != 1 || s.StartServers != 1 {
			t.Errorf("%s: %+v", m.Name(), s)
		}
	}
}

func TestDecide(t *testing.T) {
	event, prefork := Defaults(Event), Defaults(Prefork)
	one := Defaults(Event)
	one.OneProcess = true
	one.Clamp(nil)
	for _, c := range []struct {
		name        string
		s           Settings
		l           load
		r           rate
		start, stop int
		next        rate
		id          string
	}{
		{"enough idle", event, load{Children: 4, Idle: 90, Slots: 20}, rate{Spawn: 8}, 0, 0, rate{Spawn: 1}, ""},
		{"exactly enough", event, load{Children: 3, Idle: 75, Slots: 20}, rate{Spawn: 2}, 0, 0, rate{Spawn: 1}, ""},
		{"too many idle", event, load{Children: 12, Idle: 251, Slots: 20}, rate{Spawn: 4}, 0, 1, rate{Spawn: 1}, ""},
		{"the most that may idle", event, load{Children: 12, Idle: 250, Slots: 20}, rate{Spawn: 1}, 0, 0, rate{Spawn: 1}, ""},
		{"the last is never stopped", prefork, load{Children: 1, Idle: 11, Slots: 20}, rate{Spawn: 1}, 0, 0, rate{Spawn: 1}, ""},
		{"too few, first second", event, load{Children: 3, Idle: 70, Slots: 20}, rate{Spawn: 1}, 1, 0, rate{Spawn: 2}, ""},
		{"too few, then doubled", event, load{Children: 4, Idle: 10, Slots: 20}, rate{Spawn: 4}, 4, 0, rate{Spawn: 8}, ""},
		{"busy is said", event, load{Children: 4, Idle: 10, Slots: 20}, rate{Spawn: 8}, 8, 0, rate{Spawn: 16}, "AH00486"},
		{"never more than 32", prefork, load{Children: 100, Idle: 0, Slots: 300}, rate{Spawn: 32}, 32, 0, rate{Spawn: 32}, "AH00162"},
		{"held off after a restart", event, load{Children: 4, Idle: 10, Slots: 20}, rate{Spawn: 1, HoldOff: 10}, 1, 0, rate{Spawn: 1, HoldOff: 9}, ""},
		{"up to the limit", event, load{Children: 15, Idle: 10, Slots: 20}, rate{Spawn: 4}, 1, 0, rate{Spawn: 8}, ""},
		{"up to the scoreboard", event, load{Children: 4, Idle: 10, Slots: 2}, rate{Spawn: 4}, 2, 0, rate{Spawn: 8}, ""},
		{"limit reached", event, load{Children: 16, Idle: 0, Slots: 20}, rate{Spawn: 4}, 0, 0, rate{Spawn: 1, Reported: true}, "AH00484"},
		{"limit reached, said", event, load{Children: 16, Idle: 0, Slots: 20}, rate{Spawn: 1, Reported: true}, 0, 0, rate{Spawn: 1, Reported: true}, ""},
		{"near the limit", event, load{Children: 16, Idle: 5, Slots: 20}, rate{Spawn: 1}, 0, 0, rate{Spawn: 1, Near: true}, "AH10159"},
		{"limit reached", prefork, load{Children: 256, Idle: 2, Slots: 256}, rate{Spawn: 1}, 0, 0, rate{Spawn: 1, Reported: true}, "AH00161"},
		{"scoreboard full", event, load{Children: 4, Idle: 5, Draining: 28}, rate{Spawn: 4}, 0, 0, rate{Spawn: 1}, "AH03490"},
		{"none left", event, load{Slots: 32}, rate{Spawn: 1}, 3, 0, rate{Spawn: 1}, ""},
		{"-X", one, load{Children: 1, Slots: 1}, rate{}, 0, 0, rate{Spawn: 1}, ""},
		{"-X", one, load{Slots: 2}, rate{}, 1, 0, rate{Spawn: 1}, ""},
	} {
		t.Run(c.s.Model.Name()+" "+c.name, func(t *testing.T) {
			start, stop, next, note := decide(&c.s, c.l, c.r)
			id := ""
			if note != nil {
				id = note.ID
			}
			if start != c.start || stop != c.stop || next != c.next || id != c.id {
				t.Errorf("start %d stop %d next %+v note %q, want %d %d %+v %q", start, stop, next, id, c.start, c.stop, c.next, c.id)
			}
		})
	}
}
