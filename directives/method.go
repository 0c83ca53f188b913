package directives

// MethodSet is a set of HTTP methods by number (Apache's method mask).
type MethodSet uint64

// AllMethods is the set outside <Limit>.
const AllMethods = ^MethodSet(0)

// Numbers of the methods that Apache knows from the start (httpd.h). HEAD
// shares GET's.
const (
	MGet = iota
	MPut
	MPost
	MDelete
	MConnect
	MOptions
	MTrace
	MPatch
	MPropfind
	MProppatch
	MMkcol
	MCopy
	MMove
	MLock
	MUnlock
	MVersionControl
	MCheckout
	MUncheckout
	MCheckin
	MUpdate
	MLabel
	MReport
	MMkworkspace
	MMkactivity
	MBaselineControl
	MMerge
	// MInvalid stands for every method that nothing registered.
	MInvalid
)

var knownMethods = [...]string{"GET", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND",
	"PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN",
	"UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE"}

// Methods maps method names to numbers: the known ones and those that the
// configuration registers (<Limit>, RegisterHttpMethod). Written while
// compiling, only read afterwards.
type Methods struct {
	byName map[string]int
	names  []string
}

func newMethods() *Methods {
	m := &Methods{byName: map[string]int{"HEAD": MGet}}
	for i, n := range knownMethods {
		m.byName[n] = i
	}
	m.names = append(append(m.names, knownMethods[:]...), "")
	return m
}

// Number is the method's number; MInvalid when nothing registered it. Method
// names are case-sensitive (RFC 9110, 9.1).
func (m *Methods) Number(name string) int {
	if n, ok := m.byName[name]; ok {
		return n
	}
	return MInvalid
}

// Known tells whether the name is registered.
func (m *Methods) Known(name string) bool { _, ok := m.byName[name]; return ok }

// Name is the name of a number that Number gave; "" for MInvalid.
func (m *Methods) Name(n int) string { return m.names[n] }

// Register adds a method and returns its number. Only while compiling; 63
// methods at most, beyond which it returns MInvalid.
func (m *Methods) Register(name string) int {
	if n, ok := m.byName[name]; ok {
		return n
	}
	if len(m.names) > 62 {
		return MInvalid
	}
	m.byName[name] = len(m.names)
	m.names = append(m.names, name)
	return len(m.names) - 1
}

// Has tells whether method n is in s.
func (s MethodSet) Has(n int) bool { return s&(1<<n) != 0 }

// With returns s with method n.
func (s MethodSet) With(n int) MethodSet { return s | 1<<n }
