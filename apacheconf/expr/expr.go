// Package expr is Apache's expression language (ap_expr): the conditions of
// <If>, Require expr, SetEnvIfExpr, CustomLog expr= and so on, and the string
// expressions of Header, Redirect, Alias and others. The language is that of
// Apache 2.4 as its manual describes it ("Expressions in Apache HTTP Server");
// what text is accepted, what it means and what a refusal says is Apache's.
//
// An expression is parsed once (a participle grammar over a lexer of our own,
// since Apache's tokens depend on where they stand) and compiled to closures.
// Variable, function and operator names are resolved at that time; evaluation
// looks up no names but those of headers and environment variables.
//
// The package knows nothing of servers: what a request has to offer comes in
// through [Env].
package expr

import (
	"errors"
	"net/netip"
	"sync"

	"httpd-wsgi/pcre"
)

// Env is what an expression can ask of the request it is evaluated for. Methods
// are called on the goroutine that evaluates. Results that Apache has as NULL
// are "".
type Env interface {
	// Var returns the value of a variable of the request, connection or server.
	// The variables that the package can answer itself never arrive here:
	// header variables, the clock, DOCUMENT_URI.
	Var(id Var) string
	// RequestHeader returns a header of the request by its name in any case.
	RequestHeader(name string) string
	// ResponseHeader returns a header of the response: of the ordinary ones
	// first, then of those that are sent with errors too.
	ResponseHeader(name string) string
	// Note returns a note of the request, for the functions note and env.
	Note(name string) (value string, ok bool)
	// RequestEnv returns a variable of the request's environment (SetEnv and
	// so on), for the functions reqenv and env.
	RequestEnv(name string) (value string, ok bool)
	// ClientIP is the address that -R tests: the user agent's, after
	// mod_remoteip. It may be the zero Addr.
	ClientIP() netip.Addr
	// SubrequestURI tells whether a subrequest for uri would succeed with a
	// status below 400 (-U and -A).
	SubrequestURI(uri string) bool
	// SubrequestFile tells whether a subrequest for the file path would succeed
	// with a status below 300 and the file exists (-F).
	SubrequestFile(path string) bool
	// Vary notes that the outcome depends on a header of the request. It is
	// called after a condition was evaluated without an error, in the order of
	// first use, and not with Options.DontVary.
	Vary(name string)
	// Failed hears of an evaluation that ended with an error and of the place
	// that the expression was compiled with, to log it as Apache does.
	Failed(at Place, err error)
}

// Place is where an expression stands, for the error log.
type Place struct {
	File   string
	Line   int
	Module string // "headers_module": whose directive it is part of
}

// Options change how an expression is compiled. The zero value is right for
// most directives.
type Options struct {
	// Restricted refuses the functions and operators that look at files
	// (AP_EXPR_FLAG_RESTRICTED).
	Restricted bool
	// Htaccess refuses the functions that look at files, and not the operators:
	// what Apache does with expressions in .htaccess.
	Htaccess bool
	// Place is handed to Env.Failed.
	Place Place
	// DontVary keeps a condition from calling Env.Vary (AP_EXPR_FLAG_DONT_VARY).
	DontVary bool
	// SSLCompat compares as SSLRequire does: the longer string is the greater,
	// numbers too (AP_EXPR_FLAG_SSL_EXPR_COMPAT).
	SSLCompat bool
	// RegexFlags are the flags of regexes besides the "i" of the expression
	// (RegexDefaultOptions); nil means pcre.DefaultFlags.
	RegexFlags *pcre.Flags
	// RegexMatchLimit is the match limit of regexes; zero means
	// pcre.DefaultMatchLimit.
	RegexMatchLimit uint32

	// Variable resolves a variable that is none of Apache's core, as modules
	// register them (SSL_... of mod_ssl). The name is as written. It returns nil
	// for a name it does not know.
	Variable func(name string) func(Env) string
	// Function resolves a string function likewise.
	Function func(name string) func(env Env, arg string) string
	// ListFunction resolves a function that yields a list, for -in. The core
	// has none.
	ListFunction func(name string) func(env Env, arg string) []string
}

// Error says why an expression was not accepted, in Apache's words.
type Error struct {
	Text   string // the expression
	Offset int    // byte offset in Text of what the message is about
	Msg    string
}

func (e *Error) Error() string { return e.Msg }

// Match holds what the last successful regex with capture groups matched, for
// $0 to $9. A caller that wants captures to outlive an evaluation, or to be there
// before it, passes one in; the zero value is empty.
type Match struct {
	Source string // what was matched; captures are offsets into it
	Caps   pcre.Captures
	Set    bool // false: no match, all of $0 to $9 are empty
}

// Group returns $n.
func (m *Match) Group(n int) string {
	if !m.Set {
		return ""
	}
	return m.Caps[n].In(m.Source)
}

// Cond is a compiled boolean expression. It is immutable and may be used by any
// number of goroutines at once.
type Cond struct {
	text  string
	eval  boolFunc
	vary  bool
	place Place
	ctxes sync.Pool
}

// String is a compiled string expression. It is immutable and may be used by any
// number of goroutines at once.
type String struct {
	text     string
	eval     strFunc
	constant bool
	place    Place
	ctxes    sync.Pool
}

// Compile compiles a boolean expression. An error is an [*Error].
func Compile(text string, opts *Options) (*Cond, error) {
	c := compiler{text: text, opts: opts.orDefault()}
	tree, err := c.parseCond()
	if err != nil {
		return nil, err
	}
	eval := c.cond(tree)
	if err := c.failure(); err != nil {
		return nil, err
	}
	return &Cond{text: text, eval: eval, vary: !c.opts.DontVary, place: c.opts.Place}, nil
}

// CompileString compiles a string expression: text with %{variables},
// %{functions:arguments} and $0 to $9. An error is an [*Error].
func CompileString(text string, opts *Options) (*String, error) {
	c := compiler{text: text, opts: opts.orDefault()}
	tree, err := c.parseString()
	if err != nil {
		return nil, err
	}
	w := c.literal(tree.Parts)
	if err := c.failure(); err != nil {
		return nil, err
	}
	return &String{text: text, eval: w.str(), constant: w.eval == nil, place: c.opts.Place}, nil
}

func (o *Options) orDefault() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.RegexFlags == nil {
		flags := pcre.DefaultFlags
		opts.RegexFlags = &flags
	}
	return opts
}

// Text returns the expression as it was written.
func (c *Cond) Text() string { return c.text }

// Text returns the expression as it was written.
func (s *String) Text() string { return s.text }

// Constant tells whether the value depends on nothing; Eval may be called with a
// nil Env then.
func (s *String) Constant() bool { return s.constant }

// Eval evaluates the condition for a request. An error means that no answer can
// be had, with the reason in Apache's words, or that a regex reached its match
// limit ([pcre.ErrMatchLimit]); the result is false then. Access rules deny on
// an error, other directives do not apply; both log it.
func (c *Cond) Eval(env Env) (bool, error) { return c.EvalMatch(env, nil) }

// EvalMatch is Eval with captures of the caller's, read and written. m may be
// nil.
func (c *Cond) EvalMatch(env Env, m *Match) (bool, error) {
	x := getContext(&c.ctxes, env, m)
	ok := c.eval(x)
	err := x.err
	if err != nil {
		ok = false
		env.Failed(c.place, err)
	} else if c.vary {
		for _, name := range x.vary {
			env.Vary(name)
		}
	}
	x.put(&c.ctxes, m)
	return ok, err
}

// Eval evaluates the string for a request. With an error, as in [Cond.Eval], the
// result is "".
func (s *String) Eval(env Env) (string, error) { return s.EvalMatch(env, nil) }

// EvalMatch is Eval with captures of the caller's, read and written. m may be
// nil.
func (s *String) EvalMatch(env Env, m *Match) (string, error) {
	if s.constant {
		return s.eval(nil), nil
	}
	x := getContext(&s.ctxes, env, m)
	v := s.eval(x)
	err := x.err
	if err != nil {
		v = ""
		env.Failed(s.place, err)
	}
	x.put(&s.ctxes, m)
	return v, err
}

// context is the state of one evaluation.
type context struct {
	env   Env
	match Match
	vary  []string
	err   error // the first error wins; evaluation goes on to its end all the same
}

func getContext(pool *sync.Pool, env Env, m *Match) *context {
	x, _ := pool.Get().(*context)
	if x == nil {
		x = new(context)
	}
	x.env = env
	if m != nil {
		x.match = *m
	}
	return x
}

func (x *context) put(pool *sync.Pool, m *Match) {
	if m != nil {
		*m = x.match
	}
	clear(x.vary)
	*x = context{vary: x.vary[:0]}
	pool.Put(x)
}

func (x *context) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

func (x *context) failf(msg string) { x.fail(errors.New(msg)) }

func (x *context) addVary(name string) {
	for _, have := range x.vary {
		if have == name {
			return
		}
	}
	x.vary = append(x.vary, name)
}
