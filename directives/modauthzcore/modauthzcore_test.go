package modauthzcore

import (
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

const (
	deny    = server.AuthzDenied
	grant   = server.AuthzGranted
	neutral = server.AuthzNeutral
	broken  = server.AuthzGeneralError
	noUser  = server.AuthzDeniedNoUser
)

func line(s server.AuthzStatus) *Section {
	return &Section{Limited: directives.AllMethods, Check: func(*server.Request) server.AuthzStatus { return s }}
}

func not(s *Section) *Section { s.Negate = true; return s }

func group(op Logic, of ...*Section) *Section {
	return &Section{Op: op, Limited: directives.AllMethods, Children: of}
}

func TestEval(t *testing.T) {
	all := func(of ...*Section) *Section { return group(LogicAnd, of...) }
	some := func(of ...*Section) *Section { return group(LogicOr, of...) }
	none := func(of ...*Section) *Section { return not(group(LogicOr, of...)) }
	for _, test := range []struct {
		name string
		s    *Section
		want server.AuthzStatus
	}{
		{"any of denied and granted", some(line(deny), line(grant)), grant},
		{"any of denied", some(line(deny)), deny},
		{"any that waits for a user", some(line(deny), line(noUser)), noUser},
		{"any that waits, first", some(line(noUser), line(deny)), noUser},
		{"any with an error", some(line(broken), line(grant)), broken},
		{"all granted", all(line(grant), line(grant)), grant},
		{"all but one", all(line(grant), line(deny)), deny},
		{"all with one that waits", all(line(grant), line(noUser)), noUser},
		{"a denial beats waiting", all(line(noUser), line(deny)), deny},
		{"not granted", all(line(grant), not(line(grant))), deny},
		{"not denied says nothing", all(not(line(deny))), neutral},
		{"not denied beside granted", all(line(grant), not(line(deny))), grant},
		{"not waiting says nothing", all(line(grant), not(line(noUser))), grant},
		{"none of denied", all(line(grant), none(line(deny), line(deny))), grant},
		{"none of granted", all(line(grant), none(line(deny), line(grant))), deny},
		{"nested", some(all(line(grant), line(deny)), all(line(grant))), grant},
		{"empty", some(), neutral},
	} {
		if got := test.s.eval(&server.Request{}, LogicAnd); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestLimitedToOtherMethods(t *testing.T) {
	s := line(deny)
	s.Limited = directives.MethodSet(0).With(directives.MPost)
	get := &server.Request{}
	post := &server.Request{Line: server.RequestLine{Number: directives.MPost}}
	if got := s.eval(get, LogicAnd); got != grant {
		t.Errorf("GET: %d", got)
	}
	if got := s.eval(post, LogicAnd); got != deny {
		t.Errorf("POST: %d", got)
	}
	if got := s.eval(get, LogicOr); got != neutral {
		t.Errorf("GET beside others: %d", got)
	}
	// <LimitExcept GET> denied beside <Limit GET> granted: a method of neither line's kind must not slip through.
	except, limit := line(deny), line(grant)
	limit.Limited = directives.MethodSet(0).With(directives.MGet)
	except.Limited = ^limit.Limited
	if got := group(LogicOr, except, limit).eval(post, LogicAnd); got != deny {
		t.Errorf("POST past <LimitExcept GET>: %d", got)
	}
}

func TestMerge(t *testing.T) {
	a, b := some(grant), some(deny)
	set := directives.Some[Logic]
	for _, test := range []struct {
		name      string
		base, add *Dir
		want      server.AuthzStatus
	}{
		{"inner replaces", &Dir{Root: a}, &Dir{Root: b}, deny},
		{"inner says nothing", &Dir{Root: a}, &Dir{}, grant},
		{"and", &Dir{Root: a}, &Dir{Root: b, Merging: set(LogicAnd)}, deny},
		{"or", &Dir{Root: a}, &Dir{Root: b, Merging: set(LogicOr)}, grant},
		{"off", &Dir{Root: a}, &Dir{Root: b, Merging: set(LogicOff)}, deny},
	} {
		if got := merge(test.base, test.add).Root.eval(&server.Request{}, LogicAnd); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func some(s server.AuthzStatus) *Section { return group(LogicOr, line(s)) }

func TestOnlyNegative(t *testing.T) {
	if err := group(LogicAnd, not(line(deny))).onlyNegative(); err == nil {
		t.Error("a <RequireAll> that can only deny was accepted")
	}
	if err := group(LogicOr, group(LogicAnd, not(line(deny)), line(grant))).onlyNegative(); err != nil {
		t.Error(err)
	}
}
