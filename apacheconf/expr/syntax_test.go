package expr

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The flags of testdata/syntax.txt.
const (
	flagRestricted = 4
	flagString     = 8
)

func compileFlags(text string, flags int) error {
	opts := &Options{Restricted: flags&flagRestricted != 0}
	var err error
	if flags&flagString != 0 {
		_, err = CompileString(text, opts)
	} else {
		_, err = Compile(text, opts)
	}
	return err
}

// What Apache accepts is accepted, what it refuses is refused with its words.
func TestSyntaxRecorded(t *testing.T) {
	file, err := os.Open("testdata/syntax.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sc := bufio.NewScanner(file)
	sc.Buffer(nil, 1<<20)
	n, cases := 0, 0
	for sc.Scan() {
		n++
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		f := strings.Split(sc.Text(), "\t")
		text, err := strconv.Unquote(f[0])
		if err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		flags, _ := strconv.Atoi(f[1])
		cases++
		err = compileFlags(text, flags)
		short := text
		if len(short) > 100 {
			short = short[:100] + "..."
		}
		switch f[2] {
		case "ok":
			if err != nil {
				t.Errorf("line %d: %q (%d): %v, Apache accepts it", n, short, flags, err)
			}
		case "crash":
			if err == nil {
				t.Errorf("line %d: %q (%d): accepted, Apache aborts", n, short, flags)
			}
		default:
			want, _ := strconv.Unquote(f[2])
			if err == nil {
				t.Errorf("line %d: %q (%d): accepted, Apache: %s", n, short, flags, want)
			} else if err.Error() != want {
				t.Errorf("line %d: %q (%d):\n   got %s\nApache %s", n, short, flags, err, want)
			}
		}
	}
	if err := sc.Err(); err != nil || cases < 500 {
		t.Fatal(cases, err)
	}
}
