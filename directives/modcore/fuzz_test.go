package modcore

import (
	"testing"

	"httpd-wsgi/directives"
)

func FuzzVHostAddr(f *testing.F) {
	for _, s := range []string{"*", "*:80", "_default_:*", "[::1]:80", "10.0.0.1", "name:80", "[fe80::1%lo]:1", ":80", "[", "80", "a:b:c", "[::1]x", "*:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, w string) {
		a, err := ParseVHostAddr(w)
		if err != nil {
			return
		}
		if a.Port < 0 || a.Port > 65535 || a.Host == "" && w != "" && w != `""` || a.Any && a.IP.IsValid() {
			t.Errorf("%q gives %+v", w, a)
		}
	})
}

func FuzzOptions(f *testing.F) {
	for _, s := range []string{"None", "+Indexes -Includes", "All", "Indexes FollowSymLinks", "+", "\"\"", "None +All", "-IncludesNOEXEC +Includes"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, args string) {
		var d Dir
		if setOptions(&directives.Cmd{OverrideOptions: ^uint32(0)}, &d, args) != nil {
			return
		}
		o := d.Options
		if o.add&o.remove != 0 {
			t.Errorf("%q both adds and removes %b", args, o.add&o.remove)
		}
		if m := mergeOptions(Options{}, o); m != o {
			t.Errorf("%q is not itself over nothing: %+v and %+v", args, o, m)
		}
	})
}

func FuzzServerName(f *testing.F) {
	for _, s := range []string{"a", "a:80", "https://a:443", "a*", "://", ":1", "x://y://z:9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, w string) {
		var s Server
		if setServerName(&directives.Cmd{Server: &directives.Server{}}, &s, w) != nil {
			return
		}
		if n := s.Name.V; !s.Name.Set || n.Port < 0 || n.Port > 65535 {
			t.Errorf("%q gives %+v", w, n)
		}
	})
}
