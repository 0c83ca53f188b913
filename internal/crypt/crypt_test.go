package crypt

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"httpd-wsgi/internal/testenv"
)

// The hashes were made by htpasswd and crypt(3).
func TestVerify(t *testing.T) {
	for _, tt := range []struct {
		password, hash string
		want           bool
		err            error
	}{
		{"", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", true, nil},
		{"password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", true, nil},
		{"Password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", false, nil},
		{"password", "{SHA}", false, nil},
		{"password", "{sha}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", false, ErrUnsupported},
		{"x", "$apr1$", false, nil},
		{"x", "$apr1$salt", false, nil},
		{"x", "$2y$", false, ErrUnsupported},
		{"x", "$2y$99$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, ErrUnsupported},
		// Plain text: not even itself. The first is taken for a DES setting.
		{"plaintext", "plaintext", false, nil},
		{"", "", false, ErrUnsupported},
		{"*0", "*0", false, ErrUnsupported},
		{"*1", "*1", false, ErrUnsupported},
		{"x", "$9$nosuch$kind", false, ErrUnsupported},
		{"x", "a", false, ErrUnsupported},
		// DES looks at eight characters.
		{"rasmuslerdorf", "rl.3StKT.4T8M", true, nil},
		{"rasmusle", "rl.3StKT.4T8M", true, nil},
		{"rasmusl", "rl.3StKT.4T8M", false, nil},
		{"rasmusle\x00", "rl.3StKT.4T8M", false, nil},
		// MD5 crypt without Apache's prefix.
		{"rasmuslerdorf", "$1$rasmusle$rISCgZzpwk3UhDidwXvin0", true, nil},
		{"x", "$1$rasmusle$rISCgZzpwk3UhDidwXvin0", false, nil},
	} {
		got, err := Verify(tt.password, tt.hash)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("Verify(%q, %q) = %v, %v; want %v, %v", tt.password, tt.hash, got, err, tt.want, tt.err)
		}
	}
}

// What htpasswd makes, with each of its methods, is what Verify accepts.
func TestHtpasswd(t *testing.T) {
	htpasswd, err := exec.LookPath("htpasswd")
	if err != nil {
		testenv.Missing(t, "no htpasswd")
	}
	for _, method := range []string{"-m", "-B", "-d", "-s", "-2", "-5"} {
		for _, password := range []string{"", "a", "secret", "p\u00e4ss \xff", strings.Repeat("x", 80), "0123456789abcdef"} {
			cmd := exec.Command(htpasswd, "-n", "-i", method, "user")
			cmd.Stdin = strings.NewReader(password + "\n")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s %q: %v\n%s", method, password, err, stderr.String())
			}
			_, hash, _ := strings.Cut(strings.TrimSpace(string(out)), ":")
			if ok, err := Verify(password, hash); !ok || err != nil {
				t.Errorf("%s %q: Verify(%q) = %v, %v", method, password, hash, ok, err)
			}
			wrong := "y" + password
			if ok, err := Verify(wrong, hash); ok || err != nil {
				t.Errorf("%s %q: Verify(%q) of %q = %v, %v", method, password, hash, wrong, ok, err)
			}
			// Every character of the hash counts.
			if last := len(hash) - 1; method != "-B" {
				if ok, _ := Verify(password, hash[:last]); ok {
					t.Errorf("%s %q: a cut hash matched", method, password)
				}
				if ok, _ := Verify(password, hash+"x"); ok {
					t.Errorf("%s %q: a longer hash matched", method, password)
				}
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, h := range []string{"$apr1$", "$apr1$a$b", "{SHA}", "rl.3StKT.4T8M", "*0", "$1$a$"} {
		f.Add("password", h)
	}
	f.Fuzz(func(t *testing.T, password, hash string) {
		if strings.HasPrefix(hash, "$") && !strings.HasPrefix(hash, "$apr1$") && !strings.HasPrefix(hash, "$1$") {
			return // slow on purpose
		}
		ok, err := Verify(password, hash)
		if ok && err != nil {
			t.Fatal("matched with an error")
		}
		if ok && password == hash {
			t.Fatal("plain text matched")
		}
	})
}
