package server

import (
	"strings"

	"httpd-wsgi/internal/errlog"
)

// phases are the hooks of a Site, sorted, in the order they run.
type phases struct {
	postRead, translate, mapToStorage, headerParser phase
	access, accessEx, checkUser, authChecker        phase
	types, fixups, handlers, log                    phase
	insertFilter, insertErrorFilter                 []func(*Request)
}

// phase are the hooks of one phase.
type phase []phaseHook

type phaseHook struct {
	run Hook
	at  *hookName
}

// hookName says for a Tracer where a hook stands.
type hookName struct{ phase, module string }

func (h *HookSet) compile() phases {
	return phases{
		postRead:     newPhase("post_read_request", &h.PostReadRequest),
		translate:    newPhase("translate_name", &h.TranslateName),
		mapToStorage: newPhase("map_to_storage", &h.MapToStorage),
		headerParser: newPhase("header_parser", &h.HeaderParser),
		access:       newPhase("access_checker", &h.AccessChecker),
		accessEx:     newPhase("access_checker_ex", &h.AccessCheckerEx),
		checkUser:    newPhase("check_user_id", &h.CheckUserID),
		authChecker:  newPhase("auth_checker", &h.AuthChecker),
		types:        newPhase("type_checker", &h.TypeChecker),
		fixups:       newPhase("fixups", &h.Fixups),
		handlers:     newPhase("handler", &h.Handler),
		log:          newPhase("log_transaction", &h.LogTransaction),
		insertFilter: h.InsertFilter.sorted(), insertErrorFilter: h.InsertErrorFilter.sorted(),
	}
}

func newPhase(name string, p *Phase[Hook]) phase {
	fns := p.sorted()
	out := make(phase, len(fns))
	for i, fn := range fns {
		out[i] = phaseHook{fn, &hookName{name, p.hooks[i].module}}
	}
	return out
}

// runFirst runs hooks until one does not decline.
func runFirst(r *Request, p phase) Status {
	for i := range p {
		if s := p[i].run(r); s != Declined {
			if r.Tracer != nil {
				r.Tracer.Trace(r, Answered{p[i].at.phase, p[i].at.module, s})
			}
			return s
		}
	}
	return Declined
}

// runAll runs hooks until one fails; declining is as good as OK.
func runAll(r *Request, p phase) Status {
	for i := range p {
		s := p[i].run(r)
		if s == Declined {
			continue
		}
		if r.Tracer != nil {
			r.Tracer.Trace(r, Answered{p[i].at.phase, p[i].at.module, s})
		}
		if s != OK {
			return s
		}
	}
	return OK
}

// serve carries a request whose head has been read through all phases to its
// log lines (ap_process_request). Errors on the way become error documents.
func (r *Request) serve() {
	s := runAll(r, r.Site.phases.postRead)
	if s == OK {
		if s = r.process(); s == OK {
			s = r.invokeHandler()
		}
	}
	r.finish(s)
}

// finish turns a phase's verdict into what the client gets: nothing more for
// OK and Done, an error document otherwise. The end of the body is sent.
func (r *Request) finish(s Status) {
	if s != OK && s != Done {
		r.Die(s)
		return
	}
	r.finalize()
}

// logTransaction runs the log phase for the request that the client sent.
func (r *Request) logTransaction() {
	runAll(r, r.Site.phases.log)
}

// process is ap_process_request_internal: from the URI to a request that the
// handler may have. OK, Done, or the HTTP status of the refusal.
func (r *Request) process() Status {
	if r.Target.Filename == "" || r.Main == nil {
		if s := r.cleanURI(); s != OK {
			return s
		}
		r.restart()
		if s := r.locationWalk(); s != OK {
			return s
		}
		if s := r.ifWalk(); s != OK {
			return s
		}
		if s := runFirst(r, r.Site.phases.translate); s != OK {
			return r.declDie(s, "translate")
		}
	}
	// What translation saw of <Location> and <If> comes again, after the directories.
	r.restart()
	if s := runFirst(r, r.Site.phases.mapToStorage); s != OK {
		if s == Declined {
			return 500
		}
		return s // DONE for TRACE, or the directory walk's own verdict, which it has logged
	}
	if s := r.locationWalk(); s != OK {
		return s
	}
	if s := r.ifWalk(); s != OK {
		return s
	}
	if r.Main == nil {
		if s := runAll(r, r.Site.phases.headerParser); s != OK {
			return s
		}
	}
	if s := r.authorize(); s != OK {
		return s
	}
	if s := runFirst(r, r.Site.phases.types); s != OK && s != Declined {
		return s
	}
	if s := runAll(r, r.Site.phases.fixups); s != OK {
		return s
	}
	return OK
}

// authorize runs the access, authentication and authorization phases, unless
// the request from which this one comes passed them under the very same
// configuration.
func (r *Request) authorize() Status {
	for _, from := range [...]*Request{r.Prev, r.Main} {
		if from != nil && from.Conf == r.Conf && (from.authorized || from == r.Prev && sameDir(from, r)) {
			r.User, r.AuthType, r.authorized = from.User, from.AuthType, true
			return OK
		}
	}
	p := &r.Site.phases
	s := runAll(r, p.access)
	if r.Site.satisfyAny(r) {
		if s == OK {
			r.authorized = true
			return OK
		}
	} else if s != OK {
		return r.declDie(s, "check access")
	}
	switch s = runFirst(r, p.accessEx); s {
	case OK:
	case Declined:
		if s = r.authenticate(); s != OK {
			return r.declDie(s, "check user")
		}
		if r.User == "" {
			r.Logf(errlog.Error, errlog.Core, "AH00027", "No authentication done but request not allowed without authentication for %s. Authentication not configured?", r.URI)
			return 500
		}
		if s = runFirst(r, p.authChecker); s != OK {
			return r.declDie(s, "check authorization")
		}
	default:
		return r.declDie(s, "check access")
	}
	r.authorized = true
	return OK
}

// authenticate finds out who asks. A Tracer may know.
func (r *Request) authenticate() Status {
	if r.Tracer != nil {
		if user := r.Tracer.User(); user != "" {
			r.User, r.AuthType = user, r.ConfiguredAuthType()
			return OK
		}
	}
	return runFirst(r, r.Site.phases.checkUser)
}

// sameDir tells whether two requests map into one directory: Apache, which
// finds the configuration of the one in its cache for the other, then takes it
// as decided, so that the ErrorDocument of a forbidden directory may lie in it.
func sameDir(a, b *Request) bool {
	x, y := a.Target.Filename, b.Target.Filename
	i, j := strings.LastIndexByte(x, '/'), strings.LastIndexByte(y, '/')
	return i >= 0 && i == j && x[:i] == y[:j]
}

// declDie turns Declined into 500: no module answered a phase that needs an answer.
func (r *Request) declDie(s Status, phase string) Status {
	if s == Declined {
		r.Logf(errlog.Crit, errlog.Core, "AH00025", "configuration error:  couldn't %s: %s", phase, r.URI)
		return 500
	}
	return s
}

// restart begins the merge of the per-directory configuration anew.
func (r *Request) restart() {
	r.Node = r.Server.Root
	r.Conf = r.Node.Conf
}

// invokeHandler is ap_invoke_handler: insert filters, then the first handler
// that does not decline.
func (r *Request) invokeHandler() Status {
	for _, f := range r.Site.phases.insertFilter {
		f(r)
	}
	configured := r.Target.Handler
	if configured == "" {
		// As in Apache 2.4, a type with no handler of its name serves as the handler's name.
		r.Target.Handler, _, _ = strings.Cut(r.Reply.ContentType, ";")
	}
	r.served = r.Target.Handler
	s := runFirst(r, r.Site.phases.handlers)
	r.Target.Handler = configured
	if s != OK && s != Done {
		r.served = "" // an error's page is nobody's
	}
	switch {
	case s == OK, s == Done, s >= 100:
		return s
	case s == Declined && r.Target.Handler != "":
		r.Logf(errlog.Warn, errlog.Core, "AH00523", "handler \"%s\" not found for: %s", r.Target.Handler, r.Target.Filename)
	}
	return 500
}
