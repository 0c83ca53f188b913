package wsgi

import (
	"crypto/md5"
	"encoding/hex"
)

// ModuleName is the name under which the script at path is loaded: sys.modules has it while it is.
func ModuleName(path string) string {
	sum := md5.Sum([]byte(path))
	return "_mod_wsgi_" + hex.EncodeToString(sum[:])
}
