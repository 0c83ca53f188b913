package expr

import (
	"fmt"
	"net/netip"
	"strings"
)

// fakeEnv is a request for tests.
type fakeEnv struct {
	vars       map[Var]string
	headers    map[string]string // lower case
	response   map[string]string
	notes      map[string]string
	env        map[string]string
	ip         netip.Addr
	uris       map[string]bool
	files      map[string]bool
	vary       []string
	failed     []string
	subrequest int
}

func (e *fakeEnv) Var(id Var) string                { return e.vars[id] }
func (e *fakeEnv) RequestHeader(name string) string { return e.headers[strings.ToLower(name)] }
func (e *fakeEnv) ResponseHeader(name string) string {
	return e.response[strings.ToLower(name)]
}
func (e *fakeEnv) Note(name string) (string, bool)       { v, ok := e.notes[name]; return v, ok }
func (e *fakeEnv) RequestEnv(name string) (string, bool) { v, ok := e.env[name]; return v, ok }
func (e *fakeEnv) ClientIP() netip.Addr                  { return e.ip }
func (e *fakeEnv) SubrequestURI(uri string) bool         { e.subrequest++; return e.uris[uri] }
func (e *fakeEnv) SubrequestFile(path string) bool       { e.subrequest++; return e.files[path] }
func (e *fakeEnv) Vary(name string)                      { e.vary = append(e.vary, name) }
func (e *fakeEnv) Failed(at Place, err error) {
	e.failed = append(e.failed, fmt.Sprintf("%s:%d:%s: %v", at.File, at.Line, at.Module, err))
}
