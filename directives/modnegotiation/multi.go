package modnegotiation

import (
	"errors"
	"os"
	"slices"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// exceptionsNote is the note in which mod_mime leaves the parts of a file's
// name that say nothing of its type, separated by slashes.
const exceptionsNote = "ap-mime-exceptions-list"

// readDirectory takes the files beside one another that have the request's name
// and more extensions as variants (read_types_multi). Declined if there is no
// directory to look in.
func (n *negotiation) readDirectory() server.Status {
	r := n.r
	if r.Target.ProxyReq || !strings.HasPrefix(r.Target.Filename, "/") {
		return server.Declined
	}
	base := r.Target.Filename[len(n.directory):]
	dir, err := os.Open(n.directory)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		r.LogErr(err, errlog.Error, errlog.Negotiation, "AH00686", "cannot read directory for multi: %s", n.directory)
		return 403
	}
	defer dir.Close()
	matched := false
	entries, _ := dir.ReadDir(-1) // as far as it can be read
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || !strings.HasPrefix(name[len(base):], ".") || e.IsDir() {
			continue
		}
		matched = true
		sub := r.LookupEntry(name, false, server.EntryMerged)
		t := &sub.Target
		if t.Info == nil || !t.Info.Mode().IsRegular() {
			continue
		}
		if t.Handler != "" && sub.Reply.ContentType == "" {
			// Whatever it does, it is likely to be a program.
			sub.Reply.ContentType = cgiType
		}
		exceptions, known := sub.Notes.Get(exceptionsNote)
		if !known || !covers(base, strings.Split(exceptions, "/")) || sub.Reply.Status != 200 || sub.Reply.ContentType == "" {
			continue
		}
		if sub.Reply.ContentType == mapType || t.Handler == mapHandler {
			n.variants = nil
			return n.readMap(sub)
		}
		v := newVariant()
		v.sub, v.file, v.languages = sub, name, sub.Reply.Languages
		if sub.Reply.ContentEncoding != "" {
			v.encoding = directives.Some(sub.Reply.ContentEncoding)
		}
		a, _ := entry(sub.Reply.ContentType)
		v.setType(a)
		n.variants = append(n.variants, v)
	}
	if matched && len(n.variants) == 0 {
		r.Logf(errlog.Error, errlog.Negotiation, "AH00687", "Negotiation: discovered file(s) matching request: %s (None could be negotiated).", r.Target.Filename)
		return 404
	}
	if info, err := dir.Stat(); err == nil {
		n.setDirectoryValidator(info)
	}
	// The result must not depend on the order in which the directory is read.
	slices.SortStableFunc(n.variants, func(a, b variant) int {
		switch {
		case a.source < b.source:
			return 1
		case a.source > b.source:
			return -1
		}
		return strings.Compare(a.file, b.file)
	})
	return server.OK
}

// covers tells whether the parts of base, in order, have all of the exceptions:
// a part that says nothing must have been asked for by name.
func covers(base string, exceptions []string) bool {
	for part := range strings.SplitSeq(base, ".") {
		if len(exceptions) == 0 {
			break
		}
		if part == exceptions[0] {
			exceptions = exceptions[1:]
		}
	}
	return len(exceptions) == 0
}
