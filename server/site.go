package server

import (
	"strings"
	"sync/atomic"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// Version is the program's.
const Version = "0.1.0"

// Site is a compiled configuration with its hooks bound: what requests read.
// It is immutable but for the merge trie and the .htaccess cache, and one
// process has one for its life.
type Site struct {
	Plan   *directives.Plan
	VHosts *vhost.Site
	Core   modcore.Slots
	Hooks  *HookSet
	// Banner is the full product list, "httpd-wsgi/0.1.0 (Debian) mod_wsgi/6.0 Python/3.11".
	Banner string
	// ServerHeader is what Server: says, by ServerTokens.
	ServerHeader string

	phases    phases
	protocols []protocol // by vhost.Server.Index
	dates     *apr.TimeCache
	logs      []*errlog.Logger // by vhost.Server.Index
	htaccess  htaccessCache
	serial    atomic.Uint64
	// extendedStatus is ExtendedStatus where it is not set: mod_status turns it on.
	extendedStatus bool
}

// NewSite binds a plan to its hooks. logs are the servers' error logs by
// vhost.Server.Index.
func NewSite(linked *Linked, plan *directives.Plan, hosts *vhost.Site, logs []*errlog.Logger) *Site {
	s := &Site{Plan: plan, VHosts: hosts, Core: linked.Core, logs: logs}
	s.Hooks = linked.Hooks(plan.Loaded)
	coreHooks(s.Hooks)
	s.extendedStatus = plan.Loaded.Has("mod_status.c")
	s.phases = s.Hooks.compile()
	s.dates = apr.NewHTTPDateCache()
	for _, v := range hosts.Servers {
		s.protocols = append(s.protocols, s.compileProtocol(v))
	}
	s.Banner = banner(plan, modcore.TokensFull)
	s.ServerHeader = banner(plan, hosts.Main.Core.Global.ServerTokens.Get(modcore.TokensFull))
	return s
}

// banner is the product list for ServerTokens (ap_get_server_banner).
func banner(plan *directives.Plan, t modcore.Tokens) string {
	switch t {
	case modcore.TokensProduct:
		return "httpd-wsgi"
	case modcore.TokensMajor:
		return "httpd-wsgi/" + Version[:1]
	case modcore.TokensMinor:
		return "httpd-wsgi/" + Version[:3]
	case modcore.TokensMinimal:
		return "httpd-wsgi/" + Version
	}
	b := "httpd-wsgi/" + Version + " (" + platform(plan) + ")"
	if t == modcore.TokensFull {
		for _, c := range plan.Components {
			b += " " + c
		}
	}
	return b
}

// ApacheVersion is the version of Apache whose behaviour the server has.
var ApacheVersion = [3]int{2, 4, 71}

// platform names the operating system as ServerTokens OS does: the
// distribution, "Debian", else "Unix".
func platform(plan *directives.Plan) string {
	b, err := plan.Files.Read("/etc/os-release")
	if err != nil {
		return "Unix"
	}
	for line := range strings.Lines(string(b)) {
		if id, ok := strings.CutPrefix(line, "ID="); ok {
			if id = strings.Trim(id, "\"'\r\n"); id != "" {
				return strings.ToUpper(id[:1]) + id[1:]
			}
		}
	}
	return "Unix"
}

// dir is core's per-directory configuration of r.
func (r *Request) dir() *modcore.Dir { return r.Site.Core.Dir.Of(r.Conf) }

// Dir is dir for modules.
func (r *Request) Dir() *modcore.Dir { return r.dir() }

// ServerAdmin is the server's ServerAdmin.
func (r *Request) ServerAdmin() string { return r.Server.Core.Admin.Get("[no address given]") }

// DocumentRoot is the server's.
func (r *Request) DocumentRoot() string {
	return r.Server.Core.DocumentRoot.Get(r.Site.Plan.ServerRoot + "/htdocs")
}

func (s *Site) redirectLimit(r *Request) int   { return r.Server.Core.RedirectLimit.Get(10) }
func (s *Site) subrequestLimit(r *Request) int { return r.Server.Core.SubrequestLimit.Get(10) }

func (s *Site) traceAllowed(r *Request) bool {
	return r.Server.Core.TraceEnable.Get(modcore.TraceOn) != modcore.TraceOff
}

func (s *Site) rangeLimits(r *Request) rangeLimits {
	d := r.dir()
	limit := func(o directives.Opt[int], def int) int {
		switch n := o.Get(def); n {
		case modcore.NoRanges:
			return 0
		case modcore.UnlimitedRanges:
			return -1
		default:
			return n
		}
	}
	return rangeLimits{limit(d.MaxRanges, 200), limit(d.MaxRangeOverlaps, 20), limit(d.MaxRangeReversals, 20)}
}

func (s *Site) etagBits(r *Request) apr.ETagBits { return r.dir().FileETag.Bits() }

// boundary makes a multipart boundary, unlike any other of this process.
func (s *Site) boundary(r *Request) string {
	const hex = "0123456789abcdef"
	n := uint64(r.Received.UnixNano()) ^ s.serial.Add(1)*0x9e3779b97f4a7c15
	var b [16]byte
	for i := range b {
		b[i] = hex[n&15]
		n >>= 4
	}
	return string(b[:])
}
