package modcore

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// UnixdModule is mod_unixd.c.
func UnixdModule() directives.Module[Unixd, directives.None] {
	return directives.Module[Unixd, directives.None]{ID: "unixd_module", File: "mod_unixd.c", Static: true,
		Server: directives.Table[Unixd]{
			directives.Take1("User", rsrc, directives.Override(func(u *Unixd) *directives.Opt[ID] { return &u.User }), setUser,
				"Effective user id for this server").Not(directives.GlobalOnly).
				Differs("without it root's server does not start; Apache's children would run as user -1"),
			directives.Take1("Group", rsrc, directives.Override(func(u *Unixd) *directives.Opt[ID] { return &u.Group }), setGroup,
				"Effective group id for this server").Not(directives.GlobalOnly),
			directives.Take1("ChrootDir", rsrc, directives.Override(func(u *Unixd) *directives.Opt[string] { return &u.ChrootDir }), setChrootDir,
				"The directory to chroot(2) into").Not(directives.GlobalOnly),
			directives.FlagFunc("Suexec", rsrc, nil, func(_ *directives.Cmd, _ *Unixd, on bool) error {
				if on {
					return errors.New("suEXEC isn't supported: requests start no programs")
				}
				return nil
			}, "Enable or disable suEXEC support").Not(directives.GlobalOnly),
		}}
}

// startupError is a fault that Apache prints without a place.
func startupError(format string, args ...any) error {
	return &apacheconf.Error{Phase: apacheconf.PhaseCheck, Msg: fmt.Sprintf(format, args...)}
}

// LookupUser finds a user by name or, after "#", by number, which needs no account.
func LookupUser(name string) (ID, error) {
	if n, ok := strings.CutPrefix(name, "#"); ok {
		id := ID{Name: name, ID: int(uint32(Atoi(n))), Primary: -1}
		if u, err := user.LookupId(strconv.Itoa(id.ID)); err == nil {
			id.Name = u.Username
			id.Primary = Atoi(u.Gid)
		}
		return id, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return ID{}, err
	}
	return ID{Name: name, ID: Atoi(u.Uid), Primary: Atoi(u.Gid)}, nil
}

// LookupGroup finds a group by name or, after "#", by number.
func LookupGroup(name string) (ID, error) {
	if n, ok := strings.CutPrefix(name, "#"); ok {
		id := ID{Name: name, ID: int(uint32(Atoi(n))), Primary: -1}
		if g, err := user.LookupGroupId(strconv.Itoa(id.ID)); err == nil {
			id.Name = g.Name
		}
		return id, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return ID{}, err
	}
	return ID{Name: name, ID: Atoi(g.Gid), Primary: -1}, nil
}

// UserArg is LookupUser for an argument of a directive; the error is what the
// server prints at start (ap_uname2id). Where users are assumed to be there,
// the number of one that is not is -1.
func UserArg(c *directives.Cmd, name string) (ID, error) {
	id, err := LookupUser(name)
	switch {
	case err != nil && c.Plan().Files.Assumed():
		return ID{Name: name, ID: -1, Primary: -1}, nil
	case err != nil:
		return ID{}, startupError("AH00543: %s: bad user name %s", c.Options().Program, name)
	}
	return id, nil
}

// GroupArg is LookupGroup likewise (ap_gname2id).
func GroupArg(c *directives.Cmd, name string) (ID, error) {
	id, err := LookupGroup(name)
	switch {
	case err != nil && c.Plan().Files.Assumed():
		return ID{Name: name, ID: -1, Primary: -1}, nil
	case err != nil:
		return ID{}, startupError("AH00544: %s: bad group name %s", c.Options().Program, name)
	}
	return id, nil
}

func setUser(c *directives.Cmd, u *Unixd, name string) error {
	id, err := UserArg(c, name)
	if err != nil {
		return err
	}
	if id.ID == 0 {
		return errors.New("requests are not served as root: whoever finds a fault in a page would own the machine; name another user in the User directive")
	}
	u.User = directives.Some(id)
	return nil
}

func setGroup(c *directives.Cmd, u *Unixd, name string) error {
	id, err := GroupArg(c, name)
	if err != nil {
		return err
	}
	u.Group = directives.Some(id)
	return nil
}

func setChrootDir(c *directives.Cmd, u *Unixd, dir string) error {
	if !hasDirectory(c, dir) {
		return errors.New("ChrootDir must be a valid directory")
	}
	u.ChrootDir = directives.Some(dir)
	return nil
}
