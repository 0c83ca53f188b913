package server

import (
	"strings"

	"httpd-wsgi/internal/apr"
)

// condition is how a conditional header compares (ap_condition_if_*).
type condition int

const (
	condNone condition = iota // no such header
	condNoMatch
	condWeak
	condStrong
)

// MeetsConditions decides a conditional request for a resource whose ETag and
// Last-Modified are in the reply (ap_meets_conditions; RFC 9110, 13.2.2): OK,
// 304 or 412.
func (r *Request) MeetsConditions() Status {
	if r.Reply.Status < 200 || r.Reply.Status > 299 {
		return OK
	}
	notModified := false
	if r.ifMatch() == condNoMatch {
		return 412
	}
	if r.ifUnmodifiedSince() == condNoMatch {
		return 412
	}
	get := r.Line.Number == 0
	inm := r.ifNoneMatch()
	switch inm {
	case condStrong, condWeak:
		if !get {
			return 412
		}
		notModified = true
	case condNoMatch:
		notModified = false
	}
	if inm != condNoMatch {
		switch r.ifModifiedSince() {
		case condStrong, condWeak:
			if get {
				notModified = true
			}
		case condNoMatch:
			notModified = false
		}
	}
	if c := r.ifRange(); notModified && (c == condNone || c == condStrong || c == condWeak) {
		return 304
	}
	return OK
}

func (r *Request) ifMatch() condition {
	h := r.In.Joined("If-Match")
	if h == "" {
		return condNone
	}
	if h == "*" {
		return condStrong
	}
	if tag := r.Reply.Header.Get("ETag"); tag != "" && findETag(h, tag, true) {
		return condStrong
	}
	return condNoMatch
}

func (r *Request) ifNoneMatch() condition {
	h := r.In.Joined("If-None-Match")
	if h == "" {
		return condNone
	}
	if h == "*" {
		return condStrong
	}
	tag := r.Reply.Header.Get("ETag")
	if tag == "" {
		return condNoMatch
	}
	if r.Line.Number == 0 && !r.In.Has("Range") {
		if findETag(h, tag, false) {
			return condWeak
		}
	} else if findETag(h, tag, true) {
		return condStrong
	}
	return condNoMatch
}

func (r *Request) mtimeSeconds() int64 {
	if r.Reply.Mtime == 0 {
		return r.Received.Unix()
	}
	return r.Reply.Mtime / 1e6
}

func (r *Request) ifModifiedSince() condition {
	h := r.In.Get("If-Modified-Since")
	if h == "" {
		return condNone
	}
	since, ok := apr.ParseHTTPDate(h)
	if !ok {
		return condNoMatch
	}
	mtime, now := r.mtimeSeconds(), r.Received.Unix()
	if since >= mtime && since <= now {
		if now < mtime+60 {
			return condWeak
		}
		return condStrong
	}
	return condNoMatch
}

func (r *Request) ifUnmodifiedSince() condition {
	h := r.In.Get("If-Unmodified-Since")
	if h == "" {
		return condNone
	}
	since, ok := apr.ParseHTTPDate(h)
	if !ok || r.mtimeSeconds() > since {
		return condNoMatch
	}
	return condStrong
}

// ifRange tells whether Range applies: it does without If-Range, and with one
// that names the resource as it is.
func (r *Request) ifRange() condition {
	h := r.In.Get("If-Range")
	if h == "" || !r.In.Has("Range") {
		return condNone
	}
	if strings.HasPrefix(h, `"`) {
		if h == r.Reply.Header.Get("ETag") {
			return condStrong
		}
		return condNoMatch
	}
	if strings.HasPrefix(h, "W/") {
		return condNoMatch
	}
	// A date counts only if it is a strong validator: a minute older than the response.
	date, ok := apr.ParseHTTPDate(h)
	if !ok || r.Reply.Mtime == 0 || date != r.Reply.Mtime/1e6 || r.Received.Unix() < date+60 {
		return condNoMatch
	}
	return condStrong
}

// findETag looks for tag in a list of entity tags (ap_find_etag_strong, _weak).
func findETag(list, tag string, strong bool) bool {
	if strong && strings.HasPrefix(tag, "W/") {
		return false
	}
	opaque := strings.TrimPrefix(tag, "W/")
	for list != "" {
		list = strings.TrimLeft(list, " \t,")
		weak := strings.HasPrefix(list, "W/")
		t := strings.TrimPrefix(list, "W/")
		if !strings.HasPrefix(t, `"`) {
			var w string
			w, list, _ = strings.Cut(list, ",")
			if !strong || !weak {
				if strings.TrimRight(w, " \t") == tag {
					return true
				}
			}
			continue
		}
		end := strings.IndexByte(t[1:], '"')
		if end < 0 {
			return false
		}
		if t[:end+2] == opaque && !(strong && weak) {
			return true
		}
		list = t[end+2:]
	}
	return false
}
