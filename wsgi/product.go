package wsgi

import (
	"fmt"
	"path/filepath"
	"strings"

	"httpd-wsgi/wsgi/cpython"
)

// Product is what a server's banner says of the engine, such as
// "mod_wsgi/6.0.5 Python/3.11". The Python part is told by the name of the
// library that home leads to, which is not loaded; it is left out if there is none.
func Product(home string) string {
	product := fmt.Sprintf("mod_wsgi/%d.%d.%d", Version[0], Version[1], Version[2])
	l, err := cpython.Find(home)
	if err != nil {
		return product
	}
	version, ok := strings.CutPrefix(filepath.Base(l.Library), "libpython")
	if !ok {
		return product
	}
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return product + " Python/" + major + "." + strings.TrimRight(minor, "abcdefghijklmnopqrstuvwxyz")
}
