package modcore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
)

func mustCompile(t *testing.T, text string) *compiled {
	t.Helper()
	c, err := compile(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// laid is core's configuration with the <Location> sections laid over it in order.
func (c *compiled) laid() *Dir {
	v := c.Main.Defaults
	for _, s := range c.Main.Locations {
		v = c.Registry.Merge(v, s.Conf)
	}
	return c.Dir.Of(v)
}

func section(lines string) string { return "<Location />\n" + lines + "\n</Location>\n" }

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		conf string
		want OptionBits
	}{
		{"", OptFollowSymLinks},
		{"Options None\n", 0},
		{"Options All\n", OptAll},
		{"Options +Indexes\n", OptFollowSymLinks | OptIndexes},
		{"Options -FollowSymLinks\n", 0},
		{section("Options Indexes") + section("Options +MultiViews"), OptIndexes | OptMultiViews},
		{section("Options Indexes FollowSymLinks") + section("Options Includes"), OptIncludes | OptIncludesWithExec},
		{section("Options Indexes FollowSymLinks") + section("Options +Includes -Indexes"), OptFollowSymLinks | OptIncludes | OptIncludesWithExec},
		{section("Options +Indexes") + section("Options -Indexes"), OptFollowSymLinks},
		{section("Options Includes") + section("Options +IncludesNOEXEC"), OptIncludes},
		{section("Options None +Indexes"), OptIndexes},
	} {
		if got := mustCompile(t, c.conf).laid().Options.Bits(); got != c.want {
			t.Errorf("%q: %b, want %b", c.conf, got, c.want)
		}
	}
}

func TestAllowOverride(t *testing.T) {
	for _, c := range []struct {
		line string
		want Override
	}{
		{"AllowOverride None", Override{Options: everyOption}},
		{"AllowOverride All", Override{Classes: directives.OrAll, Options: everyOption}},
		{"AllowOverride Options", Override{Classes: directives.OrOptions, Options: OptAll}},
		{"AllowOverride Options=Indexes,MultiViews FileInfo", Override{Classes: directives.OrOptions | directives.OrFileInfo, Options: OptIndexes | OptMultiViews}},
		{"AllowOverride AuthConfig Limit Indexes Nonfatal=All", Override{Classes: directives.OrAuthCfg | directives.OrLimit | directives.OrIndexes,
			Options: everyOption, NonfatalOverride: true, NonfatalUnknown: true}},
		{"AllowOverride Nonfatal=All None", Override{Options: everyOption}},
	} {
		c2 := mustCompile(t, "<Directory />\n"+c.line+"\n</Directory>\n")
		got := c2.Dir.Of(c2.Registry.Merge(c2.Main.Defaults, c2.Main.Dirs[0].Conf)).AllowOverride
		if !got.Set || got.V != c.want {
			t.Errorf("%s: %+v, want %+v", c.line, got.V, c.want)
		}
	}
}

func TestETag(t *testing.T) {
	for conf, want := range map[string]string{
		"": "5 false", "FileETag None\n": "0 false", "FileETag All\n": "7 false", "FileETag INode\n": "2 false", "FileETag Digest\n": "0 true",
		section("FileETag INode Size") + section("FileETag -INode"): "4 false",
		section("FileETag Size") + section("FileETag +MTime"):       "5 false",
	} {
		e := mustCompile(t, conf).laid().FileETag
		if got := fmt.Sprint(uint(e.Bits()), e.Digest()); got != want {
			t.Errorf("%q: %s, want %s", conf, got, want)
		}
	}
	if apr.DefaultETagBits != apr.ETagMTime|apr.ETagSize {
		t.Error("the default has changed")
	}
}

func TestServers(t *testing.T) {
	c := mustCompile(t, `ServerName https://a.example:8443
ServerAdmin main@example
Timeout 7
KeepAliveTimeout 250ms
LimitRequestFields 0
AllowEncodedSlashes NoDecode
LogLevel warn core:info
ErrorDocument 404 /main
ErrorDocument 500 "main text"
<VirtualHost *:80>
ServerName v
ServerAlias a *.b
ServerAdmin v@example
AllowEncodedSlashes On
ErrorDocument 500 default
</VirtualHost>
<VirtualHost *:81>
KeepAlive Off
</VirtualHost>
`)
	show := func(s *directives.Server) string {
		v, h, d := c.Server.Of(s.Conf), c.HTTP.Of(s.Conf), c.Dir.Of(s.Defaults)
		return strings.TrimSpace(fmt.Sprintln(v.Name.V, v.Aliases, v.Admin.V, v.Timeout.V, h.KeepAlive.Get(true), h.KeepAliveTimeout.V,
			v.LimitRequestFields.Set, d.EncodedSlashes.V, v.LogLevel.Of(errlog.Core), len(d.ErrorDocuments), d.ErrorDocuments[500].Kind))
	}
	for i, want := range []string{
		"{https a.example 8443} [] main@example 7s true 250ms true 2 info 2 1",
		"{ v 0} [a *.b] v@example 7s true 250ms true 1 info 2 0",
		"{  0} [] main@example 7s false 250ms true 2 info 2 1",
	} {
		if got := show(c.Servers()[i]); got != want {
			t.Errorf("server %d\n got %s\nwant %s", i, got, want)
		}
	}
}

func TestRegexOptions(t *testing.T) {
	c := mustCompile(t, "<LocationMatch \"^/a$\">\n</LocationMatch>\nRegexDefaultOptions +ICASE\n<LocationMatch \"^/a$\">\n</LocationMatch>\n")
	for i, want := range []bool{false, true} {
		if got, _ := c.Main.Locations[i].Regexp.Match("/A"); got != want {
			t.Errorf("pattern %d matches /A: %v", i, got)
		}
	}
}

// TestLimit holds which methods the lines inside <Limit> and <LimitExcept> apply to.
func TestLimit(t *testing.T) {
	var got []string
	probe := directives.Module[directives.None, directives.None]{ID: "probe_module", File: "mod_probe.c", Static: true,
		Dir: directives.Table[directives.None]{directives.NoArgs("Probe", directives.OrAuthCfg, nil, func(c *directives.Cmd, _ *directives.None) error {
			m := c.Plan().Methods
			s := ""
			for _, name := range []string{"GET", "POST", "FOO"} {
				if c.Limited.Has(m.Number(name)) {
					s += " " + name
				}
			}
			got = append(got, s)
			return nil
		}, "a probe")}}
	r := directives.NewRegistry()
	Add(r)
	directives.Add(r, probe)
	conf := section("Probe\n<Limit GET>\nProbe\n</Limit>\n<LimitExcept GET FOO>\nProbe\n</LimitExcept>\n<Limit GET POST>\n<LimitExcept GET>\nProbe\n</LimitExcept>\n</Limit>\n<Limit HEAD FOO>\nProbe\n</Limit>")
	if _, err := r.Compile(parse(t, conf), r.NewLoaded(true), nil); err != nil {
		t.Fatal(err)
	}
	if want := " GET POST FOO; GET; POST; POST; GET FOO"; strings.Join(got, ";") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ";"), want)
	}
}

func TestTimeout(t *testing.T) {
	for w, want := range map[string]time.Duration{"5": 5 * time.Second, "5s": 5 * time.Second, "7ms": 7 * time.Millisecond, "1mi": time.Minute,
		"2min": 2 * time.Minute, "1h": time.Hour, "0": 0, "": -1, "x": -1, "-1": -1, "1m": -1, "1d": -1, "99999999999h": -1, "1 s": -1} {
		got, ok := ParseTimeout(w, "s")
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", w, got, want)
		}
	}
}

func TestFilters(t *testing.T) {
	r := directives.NewRegistry()
	slots := Add(r)
	r.Provide("core_module", OutputFilterGroup, "deflate", true)
	p, err := r.Compile(parse(t, "SetOutputFilter DEFLATE;NOSUCH\n"), r.NewLoaded(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(slots.Dir.Of(p.Main.Defaults).OutputFilters.V, len(p.Notices)); got != "[deflate] 1" {
		t.Errorf("got %s", got)
	}
}
