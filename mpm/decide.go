package mpm

import "fmt"

// load is what the master counts once a second: the children of the
// generation at work that are not on their way out.
type load struct {
	Children int // starting or serving
	Draining int // on their way out, of any generation
	Idle     int // idle workers, a starting child's included (prefork: children without a connection)
	Active   int // workers that exist (prefork: children that exist)
	Slots    int // rows free on the scoreboard
}

// rate is what one decision leaves to the next.
type rate struct {
	Spawn    int  // children to start at once, doubled each second they are wanted
	HoldOff  int  // seconds after a graceful restart without doubling
	Reported bool // the limit was logged already
	Near     bool // likewise "within MinSpareThreads of"
}

// decide says how many children to start or to drain now: Apache's
// maintenance of idle servers, which starts 1, 2, 4 ... 32 a second while too
// few are idle and stops one a second while too many are. It never asks for
// both.
func decide(s *Settings, l load, r rate) (start, stop int, next rate, note *Entry) {
	next = r
	next.Spawn = max(r.Spawn, 1)
	minIdle, maxIdle, most := s.MinSpareThreads, s.MaxSpareThreads, s.Children()
	if s.Model == Prefork {
		minIdle, maxIdle = s.MinSpareServers, s.MaxSpareServers
	}
	id := s.Model.ids()
	entry := func(lv Level, id, text string) *Entry {
		return &Entry{Level: lv, Module: s.Model.Module(), ID: id, Text: text}
	}
	switch {
	case s.OneProcess:
		start = max(0, 1-l.Children)
	case l.Children == 0:
		// Nothing serves: what starts is not a question of spare ones.
		start = min(s.StartServers, most, l.Slots)
	case l.Idle > maxIdle:
		next.Spawn = 1
		if l.Children > 1 {
			stop = 1
		}
	case l.Idle >= minIdle:
		next.Spawn = 1
	case l.Children >= most:
		next.Spawn = 1
		if l.Idle == 0 || s.Model == Prefork {
			if !r.Reported {
				next.Reported = true
				note = entry(Error, id.full, "server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting")
			}
		} else if !r.Near {
			next.Near = true
			note = entry(Error, id.near, "server is within MinSpareThreads of MaxRequestWorkers, consider raising the MaxRequestWorkers setting")
		}
	case l.Slots == 0:
		next.Spawn = 1
		if id.board != "" {
			text := "scoreboard is full, not at MaxRequestWorkers"
			if s.Model == Event {
				text += ".Increase ServerLimit." // as Apache has it, space and all
			}
			note = entry(Error, id.board, text)
		}
	default:
		start = min(next.Spawn, most-l.Children, l.Slots)
		if next.Spawn >= 8 {
			note = entry(Info, id.busy, busyText(s.Model, start, l))
		}
		switch {
		case r.HoldOff > 0:
			next.HoldOff--
		case next.Spawn < maxSpawnRate:
			next.Spawn *= 2
		}
	}
	return start, stop, next, note
}

func busyText(m Model, start int, l load) string {
	const seems = "server seems busy, (you may need to increase StartServers, "
	switch m {
	case Prefork:
		return fmt.Sprintf(seems+"or Min/MaxSpareServers), spawning %d children, there are %d idle, and %d total children", start, l.Idle, l.Children)
	case Worker:
		return fmt.Sprintf(seems+"ThreadsPerChild or Min/MaxSpareThreads), spawning %d children, there are around %d idle threads, and %d total children", start, l.Idle, l.Children+l.Draining)
	}
	return fmt.Sprintf(seems+"ThreadsPerChild or Min/MaxSpareThreads), spawning %d children, there are around %d idle threads, %d active children, and %d children that are shutting down", start, l.Idle, l.Children, l.Draining)
}
