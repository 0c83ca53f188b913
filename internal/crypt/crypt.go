// Package crypt verifies passwords against the hashes of htpasswd files, as
// apr_password_validate does on Unix: {SHA}, $apr1$, bcrypt, and whatever the
// system's crypt(3) knows ($1$, $5$, $6$, $y$, traditional DES and so on).
package crypt

/*
#cgo LDFLAGS: -lcrypt
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

// hw_crypt writes the hash of password by setting to out and returns its length,
// or -1 if setting is not one that the library accepts or memory is short.
static int hw_crypt(const char *password, const char *setting, char *out, size_t size)
{
    struct crypt_data *data = calloc(1, sizeof *data);
    const char *hash;
    int n = -1;

    if (data == NULL)
        return -1;
    hash = crypt_r(password, setting, data);
    // A failure is NULL or, with libxcrypt, a string that begins with '*'.
    if (hash != NULL && hash[0] != '*' && strlen(hash) < size) {
        n = (int)strlen(hash);
        memcpy(out, hash, (size_t)n);
    }
    explicit_bzero(data, sizeof *data);
    free(data);
    return n;
}
*/
import "C"

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"unsafe"

	"golang.org/x/crypto/bcrypt"
)

// ErrUnsupported is returned for a hash that is of no known kind or not well
// formed. Verification has failed then; it is an error of its own so that the
// log can say why.
var ErrUnsupported = errors.New("password hash is malformed or of an unsupported kind")

// Verify tells whether password is the one that hash was made from. The error is
// [ErrUnsupported] or nil, and the result is false with an error.
//
// Passwords in plain text never match, as in Apache on Unix. A password with a
// NUL byte never matches: crypt(3) would look at the part before it only.
// Comparisons take constant time. bcrypt and the SHA-2 hashes are slow on
// purpose (bcrypt of cost 5 about 2 ms, of cost 10 about 50 ms): callers keep
// verdicts for a while.
func Verify(password, hash string) (bool, error) {
	if strings.IndexByte(password, 0) >= 0 {
		return false, nil
	}
	switch {
	case strings.HasPrefix(hash, apr1Magic):
		return equal(apr1(password, hash), hash), nil
	case strings.HasPrefix(hash, shaMagic):
		sum := sha1.Sum([]byte(password))
		return equal(shaMagic+base64.StdEncoding.EncodeToString(sum[:]), hash), nil
	case strings.HasPrefix(hash, "$2y$"), strings.HasPrefix(hash, "$2a$"), strings.HasPrefix(hash, "$2b$"):
		switch err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); {
		case err == nil:
			return true, nil
		case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
			return false, nil
		}
		return false, ErrUnsupported
	}
	return verifySystem(password, hash)
}

const (
	shaMagic  = "{SHA}"
	apr1Magic = "$apr1$"
)

func equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// verifySystem asks crypt(3), whose setting is the hash itself.
func verifySystem(password, hash string) (bool, error) {
	if hash == "" || strings.IndexByte(hash, 0) >= 0 {
		return false, ErrUnsupported
	}
	p, h := C.CString(password), C.CString(hash)
	defer C.free(unsafe.Pointer(h))
	defer func() {
		clear(unsafe.Slice((*byte)(unsafe.Pointer(p)), len(password)))
		C.free(unsafe.Pointer(p))
	}()
	var out [C.CRYPT_OUTPUT_SIZE]C.char
	n := C.hw_crypt(p, h, &out[0], C.size_t(len(out)))
	if n < 0 {
		return false, ErrUnsupported
	}
	return equal(C.GoStringN(&out[0], n), hash), nil
}

// apr1 hashes password with the salt of hash: Apache's variant of the MD5 crypt
// of FreeBSD, which differs from "$1$" by its prefix only (htpasswd -m).
func apr1(password, hash string) string {
	salt := hash[len(apr1Magic):]
	if i := strings.IndexByte(salt, '$'); i >= 0 {
		salt = salt[:i]
	}
	if len(salt) > 8 {
		salt = salt[:8]
	}
	pw := []byte(password)

	inner := md5.New()
	inner.Write(pw)
	inner.Write([]byte(salt))
	inner.Write(pw)
	sum := inner.Sum(nil)

	outer := md5.New()
	outer.Write(pw)
	outer.Write([]byte(apr1Magic))
	outer.Write([]byte(salt))
	for n := len(pw); n > 0; n -= md5.Size {
		outer.Write(sum[:min(n, md5.Size)])
	}
	for n := len(pw); n != 0; n >>= 1 {
		if n&1 != 0 {
			outer.Write([]byte{0})
		} else {
			outer.Write(pw[:1])
		}
	}
	sum = outer.Sum(nil)

	for i := range 1000 {
		round := md5.New()
		if i&1 != 0 {
			round.Write(pw)
		} else {
			round.Write(sum)
		}
		if i%3 != 0 {
			round.Write([]byte(salt))
		}
		if i%7 != 0 {
			round.Write(pw)
		}
		if i&1 != 0 {
			round.Write(sum)
		} else {
			round.Write(pw)
		}
		sum = round.Sum(sum[:0])
	}

	const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, 0, len(apr1Magic)+8+1+22)
	b = append(b, apr1Magic...)
	b = append(b, salt...)
	b = append(b, '$')
	group := func(v uint32, n int) {
		for range n {
			b = append(b, alphabet[v&0x3f])
			v >>= 6
		}
	}
	for i := range 4 {
		group(uint32(sum[i])<<16|uint32(sum[i+6])<<8|uint32(sum[i+12]), 4)
	}
	group(uint32(sum[4])<<16|uint32(sum[10])<<8|uint32(sum[5]), 4)
	group(uint32(sum[11]), 2)
	return string(b)
}
