package modcore

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// etagDigest marks FileETag Digest among apr's bits.
const etagDigest apr.ETagBits = 1 << 7

const etagAll = apr.ETagMTime | apr.ETagINode | apr.ETagSize

// ETag is what the FileETag lines of one container say: a set, or changes to
// the outer container's.
type ETag struct {
	set         bool
	bits        apr.ETagBits
	add, remove apr.ETagBits // never share a bit
}

func (e ETag) effective() apr.ETagBits {
	if e.set {
		return e.bits
	}
	if b := e.add &^ e.remove; b != 0 {
		return b
	}
	return apr.DefaultETagBits
}

// Bits says from what an entity tag is made; 0 for none at all, or when Digest is true.
func (e ETag) Bits() apr.ETagBits {
	b := e.effective()
	if b&etagDigest != 0 {
		return 0
	}
	return b
}

// Digest tells that entity tags are made from the content.
func (e ETag) Digest() bool { return e.effective()&etagDigest != 0 }

func mergeETag(base, add ETag) ETag {
	if add.set {
		return add
	}
	base.add = base.add&^add.remove | add.add
	base.remove = base.remove&^add.add | add.remove
	if base.set {
		base.bits = base.bits&^base.remove | base.add
	}
	return base
}

// setFileETag is the FileETag directive.
func setFileETag(c *directives.Cmd, d *Dir, args string) error {
	e := &d.FileETag
	first := true
	for args != "" {
		var w string
		w, args = apacheconf.GetWordConf(args)
		action := byte(0)
		if w != "" && (w[0] == '+' || w[0] == '-') {
			action, w = w[0], w[1:]
		} else if first {
			*e = ETag{}
			first = false
		}
		var bit apr.ETagBits
		absolute := false
		switch strings.ToLower(w) {
		case "none":
			absolute = true
		case "all":
			bit, absolute = etagAll, true
		case "size":
			bit = apr.ETagSize
		case "lmtime", "mtime", "lastmodified":
			bit = apr.ETagMTime
		case "inode":
			bit = apr.ETagINode
		case "digest":
			bit = etagDigest
		default:
			return fmt.Errorf("Unknown keyword '%s' for %s directive", w, c.Name)
		}
		if absolute && action != 0 {
			return fmt.Errorf("%s keyword '%s' cannot be used with '+' or '-'", c.Name, w)
		}
		switch action {
		case '+':
			e.add, e.remove = e.add|bit, e.remove&^bit
			if e.set {
				e.bits |= bit
			}
		case '-':
			e.add, e.remove = e.add&^bit, e.remove|bit
			if e.set {
				e.bits &^= bit
			}
		default:
			if absolute {
				e.bits = 0
			}
			*e = ETag{set: true, bits: e.bits | bit}
		}
	}
	return nil
}
