package modautoindex

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// directoryType is the handler's name for a directory that nothing else handles.
const directoryType = "httpd/unix-directory"

// Module is mod_autoindex.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.Handler.Add("mod_autoindex.c", server.Middle, func(r *server.Request) server.Status {
			if r.Target.Handler != directoryType || r.Target.Info == nil || !r.Target.Info.IsDir() {
				return server.Declined
			}
			return slots.Dir.Of(r.Conf).handle(r)
		})
	})
}

// handle lists the directory, if Options Indexes allows that (handle_autoindex).
func (d *Dir) handle(r *server.Request) server.Status {
	r.AllowMethods(directives.MGet)
	if r.Line.Number != directives.MGet {
		return server.Declined
	}
	if !r.Dir().Options.Has(modcore.OptIndexes) {
		names, ok := r.Notes.Get("dir-index-names")
		if !ok {
			names = "none"
		}
		r.Logf(errlog.Error, errlog.Autoindex, "AH01276", "Cannot serve directory %s: No matching DirectoryIndex (%s) found, and server-generated directory index forbidden by Options directive", r.Target.Filename, names)
		return 403
	}
	if s := r.DiscardBody(); s != server.OK {
		return s
	}
	// Lookups of entries start from the file name.
	if !strings.HasSuffix(r.Target.Filename, "/") {
		r.Target.Filename += "/"
	}
	return d.index(r)
}

// index writes the page (index_directory).
func (d *Dir) index(r *server.Request) server.Status {
	dir, err := os.Open(r.Target.Filename)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		r.LogErr(err, errlog.Error, errlog.Autoindex, "AH01275", "Can't open directory for index: %s", r.Target.Filename)
		return 403
	}
	defer dir.Close()
	r.Reply.ContentType = d.contentType.Get("text/html")
	if charset := d.charset.Get("ISO-8859-1"); charset != "" {
		r.Reply.ContentType += ";charset=" + charset
	}
	options := d.options.bits
	if options.has(trackModified) {
		r.SetFileValidators(r.Target.Info)
	}
	if r.Line.HeaderOnly || r.Tracer != nil {
		return server.OK
	}
	p := &page{listing: listing{r: r, d: d, options: options, key: keyName, direction: ascending}}
	if d.key != 0 {
		p.key = d.key
	}
	if d.direction != 0 {
		p.direction = d.direction
	}
	if options.has(ignoreClient) {
		p.options |= suppressColumnSorting
	} else {
		p.query(r.Args)
	}
	title := apr.EscapeHTML(r.URI)
	for len(title) > 1 && strings.HasSuffix(title, "/") {
		title = title[:len(title)-1]
	}
	p.openPage(title)
	entries := p.entries(dir)
	p.sort(entries)
	p.list(entries)
	p.closePage()
	p.send()
	return server.OK
}

// send writes what was collected to the client.
func (p *page) send() {
	p.r.Write(p.b)
	p.b = p.b[:0]
}

// entries reads the directory.
func (p *page) entries(dir *os.File) []*entry {
	var list []*entry
	if e, ok := p.parentEntry(); ok {
		list = append(list, e)
	}
	names, _ := dir.Readdirnames(-1) // as far as it can be read
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir.Name(), name))
		if err != nil {
			continue
		}
		if e, ok := p.entry(name, info); ok {
			list = append(list, e)
		}
	}
	return list
}

// query reads the arguments that choose order, form and names. What is not
// understood ends it.
func (l *listing) query(args string) {
	format, version, pattern := "", "", ""
	for args != "" {
		if value, ok := strings.CutPrefix(args, "P="); ok {
			end := strings.IndexAny(value, "&;")
			rest := ""
			if end >= 0 {
				value, rest = value[:end], value[end+1:]
			}
			args = rest
			if value == "" {
				l.patterned = false
				continue
			}
			// A pattern that is no good is none.
			decoded, status := apr.Unescape(value, apr.ForbidSlashes)
			if l.patterned = status == apr.UnescapeOK; l.patterned {
				l.pattern = decoded
				pattern = ";P=" + apr.EscapeURI(decoded)
			}
			continue
		}
		if len(args) < 3 || args[1] != '=' || len(args) > 3 && args[3] != '&' && args[3] != ';' {
			break
		}
		value := args[2]
		switch c := args[0]; {
		case c == 'C' && strings.IndexByte("NMSD", value) >= 0:
			l.key = value
		case c == 'O' && (value == ascending || value == descending):
			l.direction = value
		case c == 'F' && value >= '0' && value <= '2':
			l.options &^= htmlTable
			switch value {
			case '0':
				l.options &^= fancyIndexing
			case '1':
				l.options |= fancyIndexing
			case '2':
				l.options |= fancyIndexing | htmlTable
			}
			format = ";F=" + string(value)
		case c == 'V' && (value == '0' || value == '1'):
			l.options &^= versionSort
			if value == '1' {
				l.options |= versionSort
			}
			version = ";V=" + string(value)
		default:
			args = ""
			continue
		}
		args = args[min(4, len(args)):]
	}
	l.arguments = format + version + pattern
}
