package modreqtimeout

import (
	"errors"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// limits compiles lines of the main server, and of a virtual host if there are any.
func limits(main, host []string) (*server.ReadLimits, *server.ReadLimits, error) {
	tree := &apacheconf.Tree{}
	for _, args := range main {
		tree.Items = append(tree.Items, &apacheconf.Item{Name: "RequestReadTimeout", Args: args})
	}
	v := &apacheconf.Item{Name: "VirtualHost", Args: "*:80", Section: true}
	for _, args := range host {
		v.Items = append(v.Items, &apacheconf.Item{Name: "RequestReadTimeout", Args: args})
	}
	tree.Items = append(tree.Items, v)
	var slots directives.Slots[Server, directives.None]
	l := server.Link([]server.Module{server.Bind(tables, func(_ *directives.Registry, s directives.Slots[Server, directives.None]) { slots = s }, nil)})
	p, err := l.Registry.Compile(tree, l.Registry.NewLoaded(true), nil)
	if err != nil {
		var e *apacheconf.Error
		if errors.As(err, &e) {
			err = errors.New(e.Msg)
		}
		return nil, nil, err
	}
	return slots.Server.Of(p.Main.Conf).Limits(), slots.Server.Of(p.VirtualHosts[0].Conf).Limits(), nil
}

// The sentences are Apache 2.4.71's.
func TestErrors(t *testing.T) {
	for args, want := range map[string]string{
		"header=20":                       "",
		"":                                "",
		"header=20-40,MinRate=500":        "",
		"HEADER=20-40,minrate=500 body=0": "",
		"handshake=5":                     "",
		"header":                          "Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'",
		"foot=5":                          "RequestReadTimeout: foot=5: Unknown RequestReadTimeout parameter",
		"header=20-40":                    "RequestReadTimeout: header=20-40: Must set MinRate option if using timeout range",
		"header=20-40,MinRate=0":          "RequestReadTimeout: header=20-40,MinRate=0: Minimum data rate must be larger than 0",
		"header=40-20,MinRate=5":          "RequestReadTimeout: header=40-20,MinRate=5: Maximum timeout must be larger than initial timeout",
		"header=40-40,MinRate=5":          "RequestReadTimeout: header=40-40,MinRate=5: Maximum timeout must be larger than initial timeout",
		"header=x":                        "RequestReadTimeout: header=x: Value 'x' not numerical",
		"header=":                         "RequestReadTimeout: header=: Value '' not numerical",
		"header=5s":                       "RequestReadTimeout: header=5s: Cannot parse 's'",
		"header=5,MinRate=x":              "RequestReadTimeout: header=5,MinRate=x: Value 'x' not numerical",
		"header=5,MinRate=-3":             "RequestReadTimeout: header=5,MinRate=-3: Value must be non-negative",
		"header=-5":                       "RequestReadTimeout: header=-5: Must set MinRate option if using timeout range",
		"header=5 body=":                  "RequestReadTimeout: body=: Value '' not numerical",
	} {
		_, _, err := limits([]string{args}, nil)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", args, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	const s = time.Second
	header, body := server.ReadLimit{Initial: 20 * s, Max: 40 * s, Rate: 500}, server.ReadLimit{Initial: 20 * s, Rate: 500}
	for _, tt := range []struct {
		main, host []string
		want, sub  *server.ReadLimits
	}{
		{nil, nil, &server.ReadLimits{Header: header, Body: body}, &server.ReadLimits{Header: header, Body: body}},
		{[]string{"header=5", "body=10,minrate=100"}, []string{"body=7"},
			&server.ReadLimits{Header: server.ReadLimit{Initial: 5 * s}, Body: server.ReadLimit{Initial: 10 * s, Rate: 100}},
			&server.ReadLimits{Header: server.ReadLimit{Initial: 5 * s}, Body: server.ReadLimit{Initial: 7 * s}}},
		{[]string{"header=0"}, []string{"body=0"}, &server.ReadLimits{Body: body}, nil},
		{[]string{"header=0 body=0"}, []string{"header=3"}, nil, &server.ReadLimits{Header: server.ReadLimit{Initial: 3 * s}}},
	} {
		got, sub, err := limits(tt.main, tt.host)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range [][2]*server.ReadLimits{{got, tt.want}, {sub, tt.sub}} {
			if (x[0] == nil) != (x[1] == nil) || x[0] != nil && *x[0] != *x[1] {
				t.Errorf("%v %v: %+v, want %+v", tt.main, tt.host, x[0], x[1])
			}
		}
	}
}
