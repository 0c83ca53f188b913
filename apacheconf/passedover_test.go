package apacheconf

import (
	"fmt"
	"strings"
	"testing"
)

func TestConditionHearsOfContainers(t *testing.T) {
	var heard, read []string
	l := Loader{ServerRoot: "/", HasModule: func(name string) bool { return name == "here_module" },
		ReadFile: func(string) ([]byte, error) {
			return []byte(`Define port 8443
<IfModule here_module>
    Good on
    <IfModule !gone_module>
        Inner on
    </IfModule>
</IfModule>
<IfModule gone_module>
    # a comment
    <VirtualHost *:${port}>
        SSLEngine \
            on
        Unknown ${nothing}

    </VirtualHost>
</IfModule>
<IfDefine nowhere>
</IfDefine>
`), nil
		},
		OnRead: func(tag string, pos Pos) { read = append(read, fmt.Sprint(tag, " ", pos.Line)) },
		Condition: func(c Conditional) {
			text := fmt.Sprintf("%v %v %d-%d", &c, c.Holds, c.Pos.Line, c.End.Line)
			for _, it := range c.Lines {
				text += fmt.Sprintf("; %d %s %q", it.Pos.Line, it.Tag(), it.Args)
			}
			heard = append(heard, text)
		},
	}
	tree, err := l.Load("f")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"<IfModule here_module> true 2-0",
		"<IfModule !gone_module> true 4-0",
		`<IfModule gone_module> false 8-16; 10 <VirtualHost "*:8443"; 12 SSLEngine "on"; 13 Unknown "${nothing}"`,
		"<IfDefine nowhere> false 17-18",
	}
	if got := strings.Join(heard, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("heard\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if got := strings.Join(read, ", "); got != "Define 1, <IfModule 2, <IfModule 4, <IfModule 8, <IfDefine 17" {
		t.Errorf("read phase: %s", got)
	}
	if len(tree.Warnings) != 0 {
		t.Errorf("a line that is passed over gave a warning: %v", tree.Warnings[0])
	}
}

func TestAssumePaths(t *testing.T) {
	text := []byte("ServerRoot /no/such/root\nDefaultRuntimeDir run\n")
	l := Loader{ServerRoot: "/", ReadFile: func(string) ([]byte, error) { return text, nil }}
	if _, err := l.Load("f"); err == nil {
		t.Error("a ServerRoot that is missing was accepted")
	}
	l.AssumePaths = true
	tree, err := l.Load("f")
	if err != nil || tree.ServerRoot != "/no/such/root" || tree.DefaultRuntimeDir != "/no/such/root/run" {
		t.Errorf("tree %+v, error %v", tree, err)
	}
}
