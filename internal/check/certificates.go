package check

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"httpd-wsgi/apacheconf"
)

// soon is how long before its end a certificate is worth a hint.
const soon = 14 * 24 * time.Hour

// certificates looks at the files that mod_ssl's directives name, whether they
// are read, refused or passed over: TLS must be served by someone after the move.
func certificates(s *Site) []Finding {
	var out []Finding
	seen := map[Place]bool{}
	look := func(it *apacheconf.Item) {
		w := words(it)
		if len(w) == 0 || seen[placeOf(it.Pos)] {
			return
		}
		switch strings.ToLower(it.Name) {
		case "sslcertificatefile", "sslcertificatechainfile", "sslcacertificatefile":
		case "sslcertificatekeyfile":
		default:
			return
		}
		seen[placeOf(it.Pos)] = true
		if strings.Contains(w[0], "${") || strings.HasPrefix(w[0], "pkcs11:") {
			return
		}
		out = append(out, certificate(it.Pos, it.Name, s.root(w[0]), time.Now())...)
	}
	var walk func([]*apacheconf.Item)
	walk = func(items []*apacheconf.Item) {
		for _, it := range items {
			look(it)
			walk(it.Items)
		}
	}
	walk(s.Plan.Tree.Items)
	for i := range s.blocks {
		for _, it := range s.blocks[i].cond.Lines {
			look(it)
		}
	}
	return out
}

func certificate(pos apacheconf.Pos, directive, file string, now time.Time) []Finding {
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []Finding{at(hint, pos, "Run the check as root to have it looked at.", "%s %s may not be read by whoever runs the check.", directive, file)}
	case err != nil:
		return []Finding{at(severe, pos, "Put the file there, or mend the path.", "%s %s cannot be read: %v.", directive, file, reason(err))}
	}
	kind := "CERTIFICATE"
	key := strings.EqualFold(directive, "SSLCertificateKeyFile")
	if key {
		kind = "PRIVATE KEY"
	}
	for {
		b, rest := pem.Decode(text)
		if b == nil {
			return []Finding{at(severe, pos, "Name a file in PEM form.", "%s %s holds no %s.", directive, file, strings.ToLower(kind))}
		}
		if text = rest; strings.HasSuffix(b.Type, kind) {
			if key {
				return nil
			}
			return expiry(pos, directive, file, b.Bytes, now)
		}
	}
}

func expiry(pos apacheconf.Pos, directive, file string, der []byte, now time.Time) []Finding {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return []Finding{at(severe, pos, "Make the certificate anew.", "%s %s cannot be understood: %v.", directive, file, err)}
	}
	end := c.NotAfter.UTC().Format("2006-01-02")
	switch {
	case now.After(c.NotAfter):
		return []Finding{at(warning, pos, "Renew it.", "The certificate %s expired on %s.", file, end)}
	case now.Before(c.NotBefore):
		return []Finding{at(warning, pos, "See that the clock is right.", "The certificate %s is not valid before %s.", file, c.NotBefore.UTC().Format("2006-01-02"))}
	case c.NotAfter.Sub(now) < soon:
		return []Finding{at(hint, pos, "Renew it before the move.", "The certificate %s expires on %s.", file, end)}
	}
	return nil
}
