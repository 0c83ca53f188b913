// Package modauthzgroupfile is Apache's mod_authz_groupfile: Require group by
// a text file of groups.
package modauthzgroupfile

import (
	"fmt"
	"slices"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/filecache"
	"httpd-wsgi/server"
)

// Dir is mod_authz_groupfile's per-directory configuration.
type Dir struct {
	GroupFile directives.Opt[*filecache.File[groups]]
}

// groups are each user's groups.
type groups map[string][]string

var tables = directives.Module[directives.None, Dir]{ID: "authz_groupfile_module", File: "mod_authz_groupfile.c", Dir: directives.Table[Dir]{
	directives.Take1("AuthGroupFile", directives.OrAuthCfg,
		directives.Override(func(d *Dir) *directives.Opt[*filecache.File[groups]] { return &d.GroupFile }),
		func(cmd *directives.Cmd, d *Dir, w string) error {
			d.GroupFile = directives.Some(filecache.New(cmd.ServerRootRelative(w), parse))
			return nil
		}, "text file containing group names and member user IDs"),
}}

// parse reads "group: user user ..." lines.
func parse(b []byte) groups {
	g := groups{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name, members, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		for _, user := range strings.Fields(members) {
			g[user] = append(g[user], strings.TrimSpace(name))
		}
	}
	return g
}

// Module is mod_authz_groupfile.
func Module() server.Module {
	return server.Bind(tables, func(r *directives.Registry, slots directives.Slots[directives.None, Dir]) {
		p := server.AuthzParser(func(cmd *directives.Cmd, args string) (server.AuthzCheck, error) {
			t, err := cmd.As("authz_groupfile_module").Template(args)
			if err != nil {
				return nil, fmt.Errorf("Cannot parse expression in require line: %v", err)
			}
			return func(r *server.Request) server.AuthzStatus {
				if r.User == "" {
					return server.AuthzDeniedNoUser
				}
				d := slots.Dir.Of(r.Conf)
				if !d.GroupFile.Set {
					r.Logf(errlog.Error, errlog.AuthzGroupfile, "AH01664", "No group file was specified in the configuration")
					return server.AuthzDenied
				}
				all, err := d.GroupFile.V.Get()
				if err != nil {
					r.LogErr(err, errlog.Error, errlog.AuthzGroupfile, "AH01665", "Could not open group file: %s", d.GroupFile.V.Path)
					return server.AuthzDenied
				}
				mine := all[r.User]
				if len(mine) == 0 {
					r.Logf(errlog.Info, errlog.AuthzGroupfile, "AH01666", "Authorization of user %s to access %s failed, reason: user doesn't appear in group file (%s).", r.User, r.URI, d.GroupFile.V.Path)
					return server.AuthzDenied
				}
				text, err := t.Eval(r.ExprEnv())
				if err != nil {
					r.Logf(errlog.Error, errlog.AuthzGroupfile, "AH02592", "authz_groupfile authorize: require group: Can't evaluate require expression: %v", err)
					return server.AuthzDenied
				}
				for _, w := range apacheconf.Words(text) {
					if slices.Contains(mine, w) {
						return server.AuthzGranted
					}
				}
				r.Logf(errlog.Debug, errlog.AuthzGroupfile, "AH01667", "Authorization of user %s to access %s failed, reason: user is not part of the 'require'ed group(s).", r.User, r.URI)
				return server.AuthzDenied
			}, nil
		})
		r.Provide(tables.ID, server.AuthzGroup, "group", server.AuthzProvider(p))
	}, nil)
}
