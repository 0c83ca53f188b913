package apr

import (
	"crypto/sha1"
	"encoding/base64"
	"strconv"
)

// ETagBits says what of a file its entity tag is made from (FileETag).
type ETagBits uint8

const (
	ETagMTime ETagBits = 1 << iota // the time of last modification, in microseconds
	ETagINode                      // the inode number
	ETagSize                       // the size in bytes
)

// DefaultETagBits is Apache's default since 2.3.14: FileETag MTime Size.
const DefaultETagBits = ETagMTime | ETagSize

// AppendETag appends the entity tag of a file with its quotes, such as
// "1d0-62a5b4c1f3a40": the parts that bits asks for, in hex, joined by "-" in
// the order inode, size, mtime (ap_make_etag). weak puts W/ in front; Apache
// does that for a file modified within the second before the request. Nothing
// is appended if bits is zero (FileETag None).
func AppendETag(dst []byte, bits ETagBits, weak bool, inode uint64, size int64, mtimeUsec int64) []byte {
	if bits == 0 {
		return dst
	}
	if weak {
		dst = append(dst, "W/"...)
	}
	sep := byte('"')
	part := func(v uint64) {
		dst = append(dst, sep)
		dst = strconv.AppendUint(dst, v, 16)
		sep = '-'
	}
	if bits&ETagINode != 0 {
		part(inode)
	}
	if bits&ETagSize != 0 {
		part(uint64(size))
	}
	if bits&ETagMTime != 0 {
		part(uint64(mtimeUsec))
	}
	return append(dst, '"')
}

// AppendDigestETag appends the entity tag of FileETag Digest: the SHA-1 of the
// file's content in base64, with quotes.
func AppendDigestETag(dst []byte, sum [sha1.Size]byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, sum[:])
	return append(dst, '"')
}
