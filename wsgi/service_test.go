package wsgi_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/wsgi"
)

// TestService: a service script runs until Exit. Each runs in a process of its own, which serve is.
func TestService(t *testing.T) {
	for _, group := range []string{"", "sub"} {
		script := script("service.py").Path
		if group != "" { // a sub interpreter cannot be called out of time.sleep
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			script = t.TempDir() + "/service.py"
			if err := os.WriteFile(script, []byte(strings.Replace(string(text), "sleep(60)", "sleep(0.001)", 1)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "WSGI_TEST_SERVICE="+script, "WSGI_TEST_GROUP="+group)
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "3  leaving\n") || !strings.Contains(string(out), "WSGI0175 SystemExit") || !strings.HasSuffix(string(out), "ended\n") {
			t.Errorf("group %q: %v\n%s", group, err, out)
		}
	}
}

func serve(script, group string) int {
	serving := make(chan bool, 1)
	e, err := wsgi.Start(wsgi.Options{Threads: 1, Service: true, ProcessGroup: "service", PythonHome: os.Getenv("WSGI_TEST_HOME"),
		Log: func(level wsgi.Level, code, msg string, x wsgi.Exchange) {
			fmt.Printf("%d %s %s\n", level, code, msg)
			if msg == "serving" {
				serving <- true
			}
		}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	done := make(chan bool)
	go func() {
		e.Preload(script, group)
		close(done)
	}()
	<-serving
	e.Exit()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		fmt.Println("the service did not end")
		return 1
	}
	if !e.Stop("shutdown_signal", 10*time.Second) {
		fmt.Println("Python did not stop")
		return 1
	}
	fmt.Println("ended")
	return 0
}
