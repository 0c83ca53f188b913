package modstatus

import (
	"fmt"
	"time"

	"httpd-wsgi/internal/apr"
)

// printf adds to the page.
func (p *page) printf(format string, args ...any) { p.b = fmt.Appendf(p.b, format, args...) }

// timestamp is a time as the page shows it.
func timestamp(t time.Time) string {
	return string(apr.AppendStrftime(nil, "%A, %d-%b-%Y %H:%M:%S %Z", t.Local()))
}

// cpuLoad is the share of a processor that was used since the start, in percent.
func (p *page) cpuLoad() float64 {
	return float64(p.cpu.all()) / ticks / float64(p.uptime) * 100
}

func seconds(t int64) string { return general(float64(t)/ticks, 6) }

// milliseconds is the time that requests took.
func (p *page) milliseconds() int64 { return p.duration / 1000 }

// writeAuto is the report for programs.
func (p *page) writeAuto() {
	p.printf("%s\nServerVersion: %s\nServerMPM: %s\nServer Built: %s\n", p.r.ServerName(), p.r.Site.Banner, p.child.MPM, p.child.Built)
	p.printf("CurrentTime: %s\nRestartTime: %s\n", timestamp(p.now), timestamp(p.restarted))
	p.printf("ParentServerConfigGeneration: %d\nParentServerMPMGeneration: %d\n", p.generation+1, p.generation)
	p.printf("ServerUptimeSeconds: %d\nServerUptime:%s\n", p.uptime, timeText(p.uptime))
	p.printf("Load1: %.2f\nLoad5: %.2f\nLoad15: %.2f\n", p.load[0], p.load[1], p.load[2])
	if p.extended {
		p.writeAutoExtended()
	}
	p.printf("BusyWorkers: %d\nGracefulWorkers: %d\nIdleWorkers: %d\n", p.busy, p.graceful, p.ready)
	if p.async() {
		s := p.sums()
		p.printf("Processes: %d\nStopping: %d\nConnsTotal: %d\nConnsAsyncWaitIO: %d\nConnsAsyncWriting: %d\nConnsAsyncKeepAlive: %d\nConnsAsyncClosing: %d\n",
			s.processes, s.stopping, s.connections, s.queued, s.writing, s.keepAlive, s.closing)
	}
	p.printf("Scoreboard: ")
	for i := range p.processes {
		for j := range p.processes[i].workers {
			if c, ok := p.processes[i].workers[j].letter(); ok {
				p.b = append(p.b, c)
			}
		}
	}
	p.printf("\n")
}

func (p *page) writeAutoExtended() {
	p.printf("Total Accesses: %d\nTotal kBytes: %d\nTotal Duration: %d\n", p.accesses, p.kBytes, p.milliseconds())
	c := p.cpu
	p.printf("CPUUser: %s\nCPUSystem: %s\nCPUChildrenUser: %s\nCPUChildrenSystem: %s\n",
		seconds(c.user), seconds(c.system), seconds(c.childUser), seconds(c.childSystem))
	if c.all() != 0 {
		p.printf("CPULoad: %s\n", general(p.cpuLoad(), 6))
	}
	p.printf("Uptime: %d\n", p.uptime)
	count, kBytes := float64(p.accesses), float64(p.kBytes)*kByte
	if p.uptime > 0 {
		p.printf("ReqPerSec: %s\nBytesPerSec: %s\n", general(quotient(count, float64(p.uptime)), 6), general(quotient(kBytes, float64(p.uptime)), 6))
	}
	if p.accesses > 0 {
		p.printf("BytesPerReq: %s\nDurationPerReq: %s\n", general(quotient(kBytes, count), 6), general(quotient(float64(p.milliseconds()), count), 6))
	}
}

// sums are the children's figures added up.
type sums struct {
	processes, stopping, connections, queued, writing, keepAlive, closing int
	busy, graceful, idle                                                  int
}

func (p *page) sums() (s sums) {
	for i := range p.processes {
		c := &p.processes[i]
		if c.pid == 0 {
			continue
		}
		s.processes++
		if c.quiescing {
			s.stopping++
		}
		s.connections += c.connections
		s.queued += c.queued
		s.writing += c.writing
		s.keepAlive += c.keepAlive
		s.closing += c.closing
		s.busy += c.busy
		s.graceful += c.graceful
		s.idle += c.idle
	}
	return s
}
