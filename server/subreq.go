package server

import "strings"

// EntryMode says what a lookup of a directory's entry takes from the request.
type EntryMode uint8

const (
	// EntryPlain takes nothing (AP_SUBREQ_NO_ARGS).
	EntryPlain EntryMode = iota
	// EntryMerged takes path info and query: the entry may come to stand for the request (AP_SUBREQ_MERGE_ARGS).
	EntryMerged
)

// LookupEntry runs the phases up to the handler for the file of that name in
// the directory of r's file (ap_sub_req_lookup_dirent). directory tells that it
// is one itself. The result is as LookupURI's.
func (r *Request) LookupEntry(name string, directory bool, mode EntryMode) *Request {
	n := r.subrequest()
	if n.Reply.Status != 200 {
		return n
	}
	uri := r.URI
	if info := r.Target.PathInfo; info != "" {
		uri = strings.TrimSuffix(uri, info)
	}
	n.URI = uri[:strings.LastIndexByte(uri, '/')+1] + name
	n.Target.Filename = r.Target.Filename[:strings.LastIndexByte(r.Target.Filename, '/')+1] + name
	if mode == EntryMerged {
		if info := r.Target.PathInfo; info != "" {
			n.URI = joinPath(n.URI, strings.TrimPrefix(info, "/"))
			n.Target.PathInfo = info
		}
		n.Args, n.HasArgs = r.Args, r.HasArgs
	}
	if directory {
		n.Target.Filename += "/"
		if !strings.HasSuffix(n.URI, "/") {
			n.URI += "/"
		}
	}
	if s := n.process(); s != OK {
		n.Reply.Status = int(s)
	}
	return n
}

// RunSub runs the handler of a subrequest that a lookup found
// (ap_run_sub_req): its body becomes part of the body of the request that it
// is of, and its head is nothing to the client.
func (r *Request) RunSub() Status { return r.invokeHandler() }
