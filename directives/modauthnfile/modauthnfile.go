// Package modauthnfile is Apache's mod_authn_file: the authentication provider
// "file", password files as htpasswd and htdigest write them.
package modauthnfile

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/crypt"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/filecache"
	"httpd-wsgi/server"
)

// Dir is mod_authn_file's per-directory configuration.
type Dir struct {
	UserFile directives.Opt[*filecache.File[users]]
}

// users are the lines of a password file: the text after "name:".
type users map[string]string

var userFile = directives.Override(func(d *Dir) *directives.Opt[*filecache.File[users]] { return &d.UserFile })

var tables = directives.Module[directives.None, Dir]{ID: "authn_file_module", File: "mod_authn_file.c", Dir: directives.Table[Dir]{
	directives.Take1("AuthUserFile", directives.OrAuthCfg, userFile, func(cmd *directives.Cmd, d *Dir, w string) error {
		d.UserFile = directives.Some(filecache.New(cmd.ServerRootRelative(w), parse))
		return nil
	}, "text file containing user IDs and passwords"),
}}

// parse reads "user:hash" lines; the first line of a user counts.
func parse(b []byte) users {
	u := users{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		if _, dup := u[name]; ok && !dup {
			u[name] = rest
		}
	}
	return u
}

// Module is mod_authn_file.
func Module() server.Module {
	return server.Bind(tables, func(r *directives.Registry, slots directives.Slots[directives.None, Dir]) {
		r.Provide(tables.ID, server.AuthnGroup, "file", server.AuthnProvider(provider{slots}))
	}, nil)
}

type provider struct {
	conf directives.Slots[directives.None, Dir]
}

func (p provider) users(r *server.Request) (users, bool) {
	d := p.conf.Dir.Of(r.Conf)
	if !d.UserFile.Set {
		r.Logf(errlog.Error, errlog.AuthnFile, "AH01619", "AuthUserFile not specified in the configuration")
		return nil, false
	}
	u, err := d.UserFile.V.Get()
	if err != nil {
		r.LogErr(err, errlog.Error, errlog.AuthnFile, "AH01620", "Could not open password file: %s", d.UserFile.V.Path)
		return nil, false
	}
	return u, true
}

// Source implements server.AuthnSource.
func (p provider) Source(r *server.Request) string {
	if f := p.conf.Dir.Of(r.Conf).UserFile; f.Set {
		return f.V.Path
	}
	return "(no AuthUserFile)"
}

// CheckPassword implements server.AuthnProvider.
func (p provider) CheckPassword(r *server.Request, user, password string) server.AuthnStatus {
	u, ok := p.users(r)
	if !ok {
		return server.AuthGeneralError
	}
	line, ok := u[user]
	if !ok {
		return server.AuthUserNotFound
	}
	hash, _, _ := strings.Cut(line, ":")
	if ok, err := crypt.Verify(password, hash); err != nil || !ok {
		return server.AuthDenied
	}
	return server.AuthGranted
}

// RealmHash implements server.AuthnProvider for "user:realm:hash" lines.
func (p provider) RealmHash(r *server.Request, user, realm string) (string, server.AuthnStatus) {
	u, ok := p.users(r)
	if !ok {
		return "", server.AuthGeneralError
	}
	line, ok := u[user]
	if !ok {
		return "", server.AuthUserNotFound
	}
	if fileRealm, hash, ok := strings.Cut(line, ":"); ok && fileRealm == realm {
		return hash, server.AuthUserFound
	}
	return "", server.AuthUserNotFound
}
