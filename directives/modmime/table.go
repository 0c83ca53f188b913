// Package modmime is Apache's mod_mime: type, charset, encoding, language and
// handler of a file by its extensions.
package modmime

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
)

// Server is mod_mime's per-server configuration; only the main server's counts.
type Server struct {
	TypesConfig directives.Opt[string] // as written; default "mime.types"
	// Types are TypesConfig's, by extension in lower case. Filled by the check.
	Types map[string]string
}

// Dir is its per-directory configuration.
type Dir struct {
	// Extensions are what Add... and Remove... lines say, by extension in lower case without dot.
	Extensions map[string]Info
	// removed are what Remove... lines of this container took away: its own Add... lines, wherever they stand, do not bring it back.
	removed []removal

	DefaultLanguage directives.Opt[string]
	UsePathInfo     directives.Opt[bool] // default off
	// Multi is MultiviewsMatch.
	Multi directives.Opt[Multi]
}

// Info is what is known of an extension; a field that is not set says nothing.
// "" is removed: it hides what outer containers and TypesConfig say.
type Info struct {
	Type, Charset, Encoding, Language, Handler directives.Opt[string]
	// OutputFilters and InputFilters are names with ";" between them.
	OutputFilters, InputFilters directives.Opt[string]
}

// Multi is MultiviewsMatch's value.
type Multi uint8

const (
	MultiAny Multi = 1 << iota // extensions that say nothing of a file match as well
	MultiNegotiated
	MultiHandlers
	MultiFilters
)

// removal names an extension and the directive whose lines about it are void.
type removal struct{ extension, add string }

func fieldType(i *Info) *directives.Opt[string]     { return &i.Type }
func fieldCharset(i *Info) *directives.Opt[string]  { return &i.Charset }
func fieldEncoding(i *Info) *directives.Opt[string] { return &i.Encoding }
func fieldLanguage(i *Info) *directives.Opt[string] { return &i.Language }
func fieldHandler(i *Info) *directives.Opt[string]  { return &i.Handler }
func fieldOutput(i *Info) *directives.Opt[string]   { return &i.OutputFilters }
func fieldInput(i *Info) *directives.Opt[string]    { return &i.InputFilters }

func extension(w string) string { return strings.ToLower(strings.TrimPrefix(w, ".")) }

func add(name, help string, field func(*Info) *directives.Opt[string]) directives.Directive[Dir] {
	return directives.Iterate2(name, directives.OrFileInfo, nil, func(_ *directives.Cmd, d *Dir, value, ext string) error {
		value = strings.ToLower(value)
		rm := removal{extension(ext), name}
		if !slices.Contains(d.removed, rm) {
			d.set(rm.extension, field, value)
		}
		return nil
	}, help)
}

func remove(name string, field func(*Info) *directives.Opt[string]) directives.Directive[Dir] {
	return directives.Iterate(name, directives.OrFileInfo, nil, func(_ *directives.Cmd, d *Dir, ext string) error {
		rm := removal{extension(ext), "Add" + strings.TrimPrefix(name, "Remove")}
		d.removed = append(d.removed, rm)
		d.set(rm.extension, field, "")
		return nil
	}, "one or more file extensions")
}

func (d *Dir) set(ext string, field func(*Info) *directives.Opt[string], value string) {
	if d.Extensions == nil {
		d.Extensions = map[string]Info{}
	}
	info := d.Extensions[ext]
	*field(&info) = directives.Some(value)
	d.Extensions[ext] = info
}

var tables = directives.Module[Server, Dir]{ID: "mime_module", File: "mod_mime.c",
	Server: directives.Table[Server]{
		directives.String("TypesConfig", directives.RsrcConf, func(s *Server) *directives.Opt[string] { return &s.TypesConfig }, "the MIME types config file"),
	},
	Dir: directives.Table[Dir]{
		add("AddCharset", "a charset (e.g., iso-2022-jp), followed by one or more file extensions", fieldCharset),
		add("AddEncoding", "an encoding (e.g., gzip), followed by one or more file extensions", fieldEncoding),
		add("AddHandler", "a handler name followed by one or more file extensions", fieldHandler),
		add("AddLanguage", "a language (e.g., fr), followed by one or more file extensions", fieldLanguage),
		add("AddType", "a mime type followed by one or more file extensions", fieldType),
		remove("RemoveCharset", fieldCharset),
		remove("RemoveEncoding", fieldEncoding),
		remove("RemoveHandler", fieldHandler),
		remove("RemoveLanguage", fieldLanguage),
		remove("RemoveType", fieldType),
		directives.String("DefaultLanguage", directives.OrFileInfo, func(d *Dir) *directives.Opt[string] { return &d.DefaultLanguage }, "language to use for documents with no other language file extension"),
		directives.Iterate("MultiviewsMatch", directives.OrFileInfo, nil, setMulti, "NegotiatedOnly (default), Handlers and/or Filters, or Any").Not(directives.NotInLocation),
		directives.Flag("ModMimeUsePathInfo", directives.AccessConf, func(d *Dir) *directives.Opt[bool] { return &d.UsePathInfo }, "Set to 'yes' to allow mod_mime to use path info for type checking"),
		add("AddInputFilter", "input filter name (or ; delimited names) followed by one or more file extensions", fieldInput),
		add("AddOutputFilter", "output filter name (or ; delimited names) followed by one or more file extensions", fieldOutput).
			Differs("a response that needs INCLUDES, SUBSTITUTE, SED, DATA, proxy-html or xml2enc fails while no module has them"),
		remove("RemoveInputFilter", fieldInput),
		remove("RemoveOutputFilter", fieldOutput),
	},
	MergeDir: merge,
}

func setMulti(_ *directives.Cmd, d *Dir, w string) error {
	for _, m := range [...]struct {
		name string
		bit  Multi
		not  Multi
		err  string
	}{
		{"any", MultiAny, ^MultiAny, "Any is incompatible with NegotiatedOnly, Filters and Handlers"},
		{"negotiatedonly", MultiNegotiated, ^MultiNegotiated, "NegotiatedOnly is incompatible with Any, Filters and Handlers"},
		{"filters", MultiFilters, MultiNegotiated | MultiAny, "Filters is incompatible with Any and NegotiatedOnly"},
		{"handlers", MultiHandlers, MultiNegotiated | MultiAny, "Handlers is incompatible with Any and NegotiatedOnly"},
	} {
		if strings.ToLower(w) != m.name {
			continue
		}
		if d.Multi.V&m.not != 0 {
			return errors.New(m.err)
		}
		d.Multi = directives.Some(d.Multi.V | m.bit)
		return nil
	}
	return fmt.Errorf("Unrecognized option '%s'", w)
}

// merge lays the inner container's extensions over the outer one's (merge_mime_dir_configs).
func merge(base, add *Dir) *Dir {
	out := &Dir{
		DefaultLanguage: add.DefaultLanguage.Or(base.DefaultLanguage),
		UsePathInfo:     add.UsePathInfo.Or(base.UsePathInfo),
		Multi:           add.Multi.Or(base.Multi),
	}
	switch {
	case len(add.Extensions) == 0:
		out.Extensions = base.Extensions
		return out
	case len(base.Extensions) == 0:
		out.Extensions = add.Extensions
		return out
	}
	out.Extensions = maps.Clone(base.Extensions)
	for ext, a := range add.Extensions {
		info := out.Extensions[ext]
		info.Type, info.Charset, info.Encoding = a.Type.Or(info.Type), a.Charset.Or(info.Charset), a.Encoding.Or(info.Encoding)
		info.Language, info.Handler = a.Language.Or(info.Language), a.Handler.Or(info.Handler)
		info.OutputFilters, info.InputFilters = a.OutputFilters.Or(info.OutputFilters), a.InputFilters.Or(info.InputFilters)
		out.Extensions[ext] = info
	}
	return out
}

// readTypes reads TypesConfig (mime_post_config).
func readTypes(p *directives.Plan, slots directives.Slots[Server, Dir]) *errlog.Entry {
	conf := slots.Server.Of(p.Main.Conf)
	name := conf.TypesConfig.Get("mime.types")
	if !strings.HasPrefix(name, "/") {
		name = p.ServerRoot + "/" + name
	}
	b, err := p.Files.Read(name)
	if err != nil {
		return &errlog.Entry{Level: errlog.Error, Module: errlog.Mime, Status: err, Code: "AH01597",
			Message: "could not open mime types config file " + name + "."}
	}
	conf.Types = parseTypes(string(b))
	return nil
}

// parseTypes reads the lines of a mime.types file: a type and its extensions.
func parseTypes(text string) map[string]string {
	types := map[string]string{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		for _, ext := range words[1:] {
			types[strings.ToLower(ext)] = words[0]
		}
	}
	return types
}
