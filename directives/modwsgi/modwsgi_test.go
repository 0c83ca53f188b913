package modwsgi

import (
	"os"
	"reflect"
	"testing"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/pcre"
)

func TestOption(t *testing.T) {
	for _, test := range []struct {
		in, name, value, rest string
		ok                    bool
	}{
		{"a=b", "a", "b", "", true},
		{"a=b c=d", "a", "b", "c=d", true},
		{`python-path="/a b:/c" x=1`, "python-path", "/a b:/c", "x=1", true},
		{`a='b "c" \' d'`, "a", `b "c" ' d`, "", true},
		{"a=", "a", "", "", true},
		{"a= b", "a", "", "b", true},
		{"a", "", "", "", false},
		{"a =b", "", "", "", false},
		{`"a"=b`, "", "", "", false},
		{"=b", "", "", "", false},
	} {
		name, value, rest, ok := option(test.in)
		if name != test.name || value != test.value || rest != test.rest || ok != test.ok {
			t.Errorf("%q: %q %q %q %v", test.in, name, value, rest, ok)
		}
	}
}

func TestAtoi(t *testing.T) {
	for in, want := range map[string]int{"5": 5, "1.5": 1, "abc": 0, "": 0, "-3x": -3, " 7": 7, "+2": 2} {
		if got := atoi(in); got != want {
			t.Errorf("%q: %d", in, got)
		}
	}
}

func TestAliasMatch(t *testing.T) {
	re := pcreMust(t, "^/m/([a-z]+)")
	for _, test := range []struct {
		a    Alias
		uri  string
		want string
		ok   bool
	}{
		{Alias{Location: "/app", Target: "/p/app.wsgi"}, "/app", "/p/app.wsgi", true},
		{Alias{Location: "/app", Target: "/p/app.wsgi"}, "/app/x", "/p/app.wsgi/x", true},
		{Alias{Location: "/app", Target: "/p/app.wsgi"}, "/apple", "", false},
		{Alias{Location: "/", Target: "/p/app.wsgi"}, "/a/b", "/p/app.wsgi/a/b", true},
		{Alias{Location: "/scripts/", Target: "/p/scripts/"}, "/scripts/a.wsgi/x", "/p/scripts/a.wsgi/x", true},
		{Alias{Location: "/scripts/", Target: "/p/scripts/"}, "/scripts", "", false},
		{Alias{Location: "/slash/", Target: "/p/app.wsgi"}, "/slash/x", "/p/app.wsgix", true},
		{Alias{Regexp: re, Target: "/p/$1.wsgi"}, "/m/a/b", "/p/a.wsgi/b", true},
		{Alias{Regexp: re, Target: "/p/$1.wsgi"}, "/n/a", "", false},
	} {
		got, ok := test.a.match(test.uri)
		if got != test.want || ok != test.ok {
			t.Errorf("%+v on %q: %q %v", test.a, test.uri, got, ok)
		}
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]Name{
		"%{GLOBAL}": {global, "%{GLOBAL}"}, "%{SERVER}": {serverName, "%{SERVER}"}, "%{ENV:A B}": {variable, "A B"},
		"x%{GLOBAL}": {literal, "x%{GLOBAL}"}, "admin-scripts": {literal, "admin-scripts"}, "%{OTHER}": {literal, "%{OTHER}"},
	} {
		if got := ParseName(in); got != want {
			t.Errorf("%q: %+v", in, got)
		}
	}
	if s, ok := ParseName("%{GLOBAL}").Static(); s != "" || !ok {
		t.Errorf("%q %v", s, ok)
	}
	for _, in := range []string{"%{ENV:A}", "%{RESOURCE}", "a%{x}"} {
		if _, ok := ParseName(in).Static(); ok {
			t.Errorf("%s is static", in)
		}
	}
}

// Every field of Settings takes part in laying a section's over its server's.
func TestOverlayLosesNothing(t *testing.T) {
	n := reflect.TypeFor[Settings]().NumField()
	for i := range n {
		var set, empty Settings
		fill(reflect.ValueOf(&set).Elem().Field(i))
		if got := overlay(&empty, &set); !reflect.DeepEqual(got, set) {
			t.Errorf("a section's %s is lost", reflect.TypeFor[Settings]().Field(i).Name)
		}
		if got := overlay(&set, &empty); !reflect.DeepEqual(got, set) {
			t.Errorf("a server's %s is lost", reflect.TypeFor[Settings]().Field(i).Name)
		}
	}
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	}
}

func TestForwardedFor(t *testing.T) {
	proxies := func(list ...string) *Settings {
		s := &Settings{}
		for _, p := range list {
			n, err := apr.ParseSubnet(p)
			if err != nil {
				t.Fatal(err)
			}
			s.Proxies = append(s.Proxies, n)
		}
		return s
	}
	for _, test := range []struct {
		header       string
		s            *Settings
		client, rest string
	}{
		{"1.1.1.1, 10.0.0.1", proxies(), "1.1.1.1", ""},
		{"1.1.1.1, 10.0.0.1", proxies("10.0.0.0/8"), "1.1.1.1", "1.1.1.1, 10.0.0.1"},
		{"6.6.6.6, 1.1.1.1, 10.0.0.1,10.0.0.2", proxies("10.0.0.0/8"), "1.1.1.1", "1.1.1.1, 10.0.0.1, 10.0.0.2"},
		{"10.0.0.3, 10.0.0.1", proxies("10.0.0.0/8"), "10.0.0.3", "10.0.0.3, 10.0.0.1"},
		{"1.1.1.1, 2.2.2.2", proxies("10.0.0.0/8"), "2.2.2.2", "2.2.2.2"},
		{"1.1.1.1, junk, 10.0.0.1", proxies("10.0.0.0/8"), "junk", "junk, 10.0.0.1"},
	} {
		client, rest := forwardedFor(test.header, test.s)
		if client != test.client || rest != test.rest {
			t.Errorf("%q: %q %q", test.header, client, rest)
		}
	}
}

func TestCollapse(t *testing.T) {
	for in, want := range map[string]string{"": "", "/a/b": "/a/b", "//a///b/": "/a/b/"} {
		if got := collapse(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestDaemonDefaults(t *testing.T) {
	d := &Daemon{ShutdownTimeout: 5 * time.Second}
	if err := d.set(nil, "shutdown-timeout", "0"); err != nil || d.ShutdownTimeout != 0 {
		t.Errorf("%v %v", err, d.ShutdownTimeout)
	}
	for opt, value := range map[string]string{"processes": "0", "threads": "-1", "home": "x", "umask": "9", "nonsense": "1", "listen-backlog": "0", "maximum-requests-jitter": "-1", "restart-rss": "-1"} {
		if err := d.set(nil, opt, value); err == nil {
			t.Errorf("%s=%s was accepted", opt, value)
		}
	}
	if err := d.set(nil, "restart-rss", "1073741824"); err != nil || d.RestartRSS != 1<<30 {
		t.Errorf("restart-rss: %v, %d", err, d.RestartRSS)
	}
	if err := d.set(nil, "maximum-requests-jitter", "7"); err != nil || d.RequestsJitter != 7 {
		t.Errorf("maximum-requests-jitter: %v, %d", err, d.RequestsJitter)
	}
	if err := d.set(nil, "processes", "1"); err != nil || !d.Multiprocess {
		t.Errorf("processes=1: %v, multiprocess %v", err, d.Multiprocess)
	}
}

func pcreMust(t *testing.T, pattern string) *pcre.Regexp {
	t.Helper()
	re, err := pcre.Compile(pattern, pcre.DefaultFlags)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func TestInside(t *testing.T) {
	for _, test := range []struct {
		root, path, want string
		ok               bool
	}{
		{"", "/srv/a.wsgi", "/srv/a.wsgi", true},
		{"/", "/srv/a.wsgi", "/srv/a.wsgi", true},
		{"/srv", "/srv/a.wsgi", "/a.wsgi", true},
		{"/srv/", "/srv/x/a.wsgi", "/x/a.wsgi", true},
		{"/srv", "/srvx/a.wsgi", "", false},
		{"/srv", "/etc/a.wsgi", "", false},
	} {
		got, ok := (&Daemon{Chroot: test.root}).Inside(test.path)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s in %q: %q %v", test.path, test.root, got, ok)
		}
	}
}

func TestMergeHandlers(t *testing.T) {
	base := []HandlerScript{{Name: "a", Path: "/outer"}, {Name: "b", Path: "/b"}}
	got := mergeHandlers(base, []HandlerScript{{Name: "a", Path: "/inner"}})
	if len(got) != 2 || handlerNamed(got, "a").Path != "/inner" || handlerNamed(got, "b").Path != "/b" || handlerNamed(got, "c") != nil {
		t.Errorf("%+v", got)
	}
}

func TestDistrusts(t *testing.T) {
	path := t.TempDir() + "/a.wsgi"
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	info := func(mode os.FileMode) os.FileInfo {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		i, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	user := func(id int) *Daemon { return &Daemon{ScriptUser: directives.Some(modcore.ID{ID: id})} }
	group := func(id int) *Daemon { return &Daemon{ScriptGroup: directives.Some(modcore.ID{ID: id})} }
	for _, test := range []struct {
		name  string
		d     *Daemon
		mode  os.FileMode
		trust bool
	}{
		{"own", user(os.Getuid()), 0o644, true},
		{"another's", user(os.Getuid() + 1), 0o644, false},
		{"own, but its group may write", user(os.Getuid()), 0o664, false},
		{"of the group, which may write", group(os.Getgid()), 0o664, true},
		{"of another group", group(os.Getgid() + 1), 0o644, false},
		{"anybody may write", group(os.Getgid()), 0o646, false},
	} {
		if why := test.d.distrusts("script", info(test.mode)); (why == "") != test.trust {
			t.Errorf("%s: %q", test.name, why)
		}
	}
}
