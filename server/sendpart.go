package server

import (
	"crypto/sha1"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
)

// SendPart answers with n bytes of an open regular file from off, whose head
// the caller has made: conditions, ranges, then the body.
func (r *Request) SendPart(f *os.File, off, n int64) Status {
	r.acceptRanges()
	r.SetContentLength(n)
	if s := r.MeetsConditions(); s != OK {
		return s
	}
	if s := r.DiscardBody(); s != OK {
		return s
	}
	send := func(at, n int64) error { return r.SendFile(f, off+at, n) }
	if done, s := r.sendRanges(n, send); done {
		return s
	}
	send(0, n)
	return OK
}

// SingleRange makes the response that of the one part of a body of n bytes that
// the client asks for, for a filter that has the whole body of a resource that
// takes ranges. ok is false if the whole is to be sent.
func (r *Request) SingleRange(n int64) (off, length int64, ok bool) {
	header := r.In.Get("Range")
	if header == "" || r.Reply.Status != 200 || r.Line.Proto < 1000 || r.out.head ||
		r.Reply.Header.Get("Accept-Ranges") != "bytes" || r.Reply.Header.Has("Content-Range") || r.ifRange() == condNoMatch {
		return 0, 0, false
	}
	ranges, verdict := parseRanges(header, n, r.Site.rangeLimits(r))
	if verdict != rangesGiven || len(ranges) != 1 {
		return 0, 0, false
	}
	g := ranges[0]
	length = g.end - g.start + 1
	r.Reply.Status = 206
	r.Reply.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", g.start, g.end, n))
	r.SetContentLength(length)
	return g.start, length, true
}

// acceptRanges sets Accept-Ranges (ap_set_accept_ranges).
func (r *Request) acceptRanges() {
	if r.Site.rangeLimits(r).ranges != 0 {
		r.Reply.Header.Set("Accept-Ranges", "bytes")
	} else {
		r.Reply.Header.Set("Accept-Ranges", "none")
	}
}

// ReplaceAllowed makes these methods the ones that Allow names (REPLACE_ALLOW).
func (r *Request) ReplaceAllowed(numbers ...int) {
	r.allowed = 0
	r.AllowMethods(numbers...)
}

// FileETag is the entity tag of a file by FileETag, "" where there is none (ap_make_etag).
func (r *Request) FileETag(info fs.FileInfo) string {
	bits := r.Site.etagBits(r)
	if bits == 0 {
		return ""
	}
	var inode uint64
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	mtime := info.ModTime().UnixMicro()
	weak := r.Received.UnixMicro()-mtime <= 1e6
	if v := r.Reply.VariantList; v != "" && v[0] == 'W' {
		weak = true
	}
	return string(apr.AppendETag(nil, bits, weak, inode, info.Size(), mtime))
}

// fileOrDigestETag is FileETag, or what FileETag Digest makes of the content of an open file.
func (r *Request) fileOrDigestETag(f *os.File, info fs.FileInfo) string {
	if !r.dir().FileETag.Digest() {
		return r.FileETag(info)
	}
	h := sha1.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, info.Size())); err != nil {
		r.LogErr(err, errlog.Error, errlog.Core, "", "the entity tag of %s could not be made from its content", f.Name())
		return ""
	}
	return string(apr.AppendDigestETag(nil, [sha1.Size]byte(h.Sum(nil))))
}

// withVariantList merges the entity tag of a variant with that of the list it
// was chosen from: a change of either makes another tag (ap_set_etag).
func (r *Request) withVariantList(tag string) string {
	list := r.Reply.VariantList
	if list == "" || tag == "" {
		return tag
	}
	if list[0] == 'W' {
		list = list[2:]
	}
	return tag[:len(tag)-1] + ";" + list[1:]
}
