// Package moddir is Apache's mod_dir: the final slash of directories,
// DirectoryIndex and FallbackResource.
package moddir

import (
	"errors"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// directoryType is the handler's name for a directory that nothing else handles.
const directoryType = "httpd/unix-directory"

// Dir is mod_dir's per-directory configuration.
type Dir struct {
	Slash        directives.Opt[bool] // default on
	CheckHandler directives.Opt[bool] // default off
	// Redirect is the status of DirectoryIndexRedirect, 0 for off.
	Redirect directives.Opt[int]
	// Fallback is FallbackResource; "" for disabled.
	Fallback directives.Opt[string]
	// Index are DirectoryIndex's names; a list with a value is not added to the outer one but replaces it.
	Index []string
}

var (
	index    = directives.Replace(func(d *Dir) *[]string { return &d.Index })
	fallback = directives.Override(func(d *Dir) *directives.Opt[string] { return &d.Fallback })
	redirect = directives.Override(func(d *Dir) *directives.Opt[int] { return &d.Redirect })
)

var tables = directives.Module[directives.None, Dir]{ID: "dir_module", File: "mod_dir.c", Dir: directives.Table[Dir]{
	directives.Take1("FallbackResource", directives.OrIndexes, fallback, func(_ *directives.Cmd, d *Dir, w string) error {
		if w == "disabled" {
			w = ""
		}
		d.Fallback = directives.Some(w)
		return nil
	}, "Set a default handler"),
	directives.RawArgs("DirectoryIndex", directives.OrIndexes, index, setIndex, "a list of file names").
		Differs("a redirect for an index that is a directory keeps the port that the client named"),
	directives.Flag("DirectorySlash", directives.OrIndexes, func(d *Dir) *directives.Opt[bool] { return &d.Slash }, "On or Off"),
	directives.Flag("DirectoryCheckHandler", directives.OrIndexes, func(d *Dir) *directives.Opt[bool] { return &d.CheckHandler }, "On or Off"),
	directives.Take1("DirectoryIndexRedirect", directives.OrIndexes, redirect, setRedirect, "On, Off, or a 3xx status code."),
}}

// setIndex adds names to the container's list; "disabled" alone empties it
// and what outer containers say.
func setIndex(_ *directives.Cmd, d *Dir, args string) error {
	words := apacheconf.Words(args)
	if len(words) == 0 {
		return nil
	}
	if words[0] == "disabled" {
		d.Index = []string{}
		words = words[1:]
		if len(words) == 0 {
			return nil
		}
	}
	d.Index = append(d.Index, words...)
	return nil
}

func setRedirect(_ *directives.Cmd, d *Dir, w string) error {
	switch strings.ToLower(w) {
	case "on":
		d.Redirect = directives.Some(302)
	case "off":
		d.Redirect = directives.Some(0)
	case "temp":
		d.Redirect = directives.Some(302)
	case "permanent":
		d.Redirect = directives.Some(301)
	case "seeother":
		d.Redirect = directives.Some(303)
	default:
		if w == "" || w[0] < '0' || w[0] > '9' {
			return errors.New("DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx")
		}
		n := modcore.Atoi(w)
		if n < 300 || n > 399 {
			return errors.New("DirectoryIndexRedirect only accepts values between 300 and 399")
		}
		d.Redirect = directives.Some(n)
	}
	return nil
}

// Module is mod_dir.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.Fixups.Add("mod_dir.c", server.Last, func(r *server.Request) server.Status {
			d := slots.Dir.Of(r.Conf)
			t := &r.Target
			switch {
			case t.Info != nil && t.Info.IsDir():
				return d.directory(r)
			case t.Info == nil && t.Handler == "":
				return d.fallback(r)
			}
			return server.Declined
		})
	})
}

// directory finishes a request for a directory (fixup_dir).
func (d *Dir) directory(r *server.Request) server.Status {
	t := &r.Target
	if t.Handler == "" {
		t.Handler = directoryType
	}
	if t.PathInfo != "" {
		return server.Declined
	}
	if !strings.HasSuffix(r.URI, "/") {
		if !d.Slash.Get(true) {
			return server.Declined
		}
		if r.Line.Number != directives.MGet {
			if _, ok := r.Env.Get("redirect-carefully"); ok {
				return server.Declined
			}
		}
		target := apr.EscapeURI(r.URI) + "/"
		if r.HasArgs {
			target += "?" + r.Args
		}
		r.Reply.Header.Set("Location", r.ConstructURL(target))
		return 301
	}
	if t.Handler == "redirect-handler" || d.CheckHandler.Get(false) && t.Handler != directoryType {
		return server.Declined
	}
	names := d.Index
	if names == nil {
		names = []string{"index.html"}
	}
	failure := server.Status(0)
	for i, name := range names {
		if r.Args != "" {
			name += "?" + r.Args
		}
		sub := r.LookupURI(name)
		status := sub.Reply.Status
		st := &sub.Target
		if status == 200 && (st.Handler == "proxy-server" || st.Info != nil && st.Info.Mode().IsRegular()) {
			if code := d.Redirect.Get(0); code != 0 {
				r.Reply.Header.Set("Location", r.ConstructURL(sub.URI))
				return server.Status(code)
			}
			r.FastRedirect(sub)
			return server.OK
		}
		last := i == len(names)-1
		if status >= 300 && status < 400 || last && (status == 406 || status == 401) {
			for _, kv := range sub.Notes.All() {
				r.Notes.Set(kv.Name, kv.Value)
			}
			r.Reply.ErrorText = sub.Reply.ErrorText
			r.Reply.Header.Overlay(&sub.Reply.Header)
			r.Reply.ErrHeader.Overlay(&sub.Reply.ErrHeader)
			return server.Status(status)
		}
		if status != 404 && status != 200 {
			r.Reply.ErrorText = sub.Reply.ErrorText
			failure = server.Status(status)
		}
	}
	if failure != 0 {
		return failure
	}
	r.Notes.Set("dir-index-names", strings.Join(names, ","))
	return server.Declined
}

// fallback sends what maps to nothing to FallbackResource (fixup_dflt).
func (d *Dir) fallback(r *server.Request) server.Status {
	target := d.Fallback.Get("")
	if target == "" {
		return server.Declined
	}
	if r.Args != "" {
		target += "?" + r.Args
	}
	sub := r.LookupURI(target)
	if sub.Reply.Status == 200 && (sub.Target.Info != nil && sub.Target.Info.Mode().IsRegular() || sub.Target.Handler == "proxy-server") {
		r.FastRedirect(sub)
		return server.OK
	}
	if s := sub.Reply.Status; s >= 300 && s < 400 {
		r.Reply.Header.Overlay(&sub.Reply.Header)
		r.Reply.ErrHeader.Overlay(&sub.Reply.ErrHeader)
		return server.Status(s)
	}
	return server.Declined
}
