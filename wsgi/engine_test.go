package wsgi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/wsgitest"
)

var (
	log    wsgitest.Log
	engine *wsgi.Engine
)

// Python can be started once in a process: all tests share it.
func TestMain(m *testing.M) {
	if script := os.Getenv("WSGI_TEST_SERVICE"); script != "" {
		os.Exit(serve(script, os.Getenv("WSGI_TEST_GROUP")))
	}
	if os.Getenv("WSGI_TEST_LOG") != "" {
		log.More = func(line string) { fmt.Println(line) }
	}
	var err error
	engine, err = wsgi.Start(wsgi.Options{Threads: 8, Log: log.Record, PythonHome: os.Getenv("WSGI_TEST_HOME"),
		ApacheVersion: [3]int{2, 4, 71}, ServerDescription: "Apache/2.4.71 (httpd-wsgi)", MPMName: "event", MPMProcesses: 2, MPMThreads: 8})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if !engine.Stop("", 20*time.Second) {
		fmt.Fprintln(os.Stderr, "Python could not be stopped\n"+log.Text())
		code = 1
	}
	os.Exit(code)
}

func script(name string) wsgi.Script {
	path, _ := filepath.Abs(filepath.Join("cpython", "testdata", name))
	return wsgi.Script{Path: path, Callable: "application", Reload: wsgi.ReloadModule}
}

func get(t *testing.T, s wsgi.Script, x *wsgitest.Exchange, uri string) wsgi.Result {
	t.Helper()
	var f wsgi.Form
	wsgitest.Fill(&f, wsgi.Multithread, "GET", uri)
	return engine.Run(&wsgi.Call{Script: s, Form: &f, BodyEnd: x.Input == nil, Exchange: x})
}

func TestHello(t *testing.T) {
	var x wsgitest.Exchange
	r := get(t, script("hello.wsgi"), &x, "/")
	if r.Outcome != wsgi.OK || x.Line != "200 OK" || x.Body.String() != "Hello World!\n" || !x.Last || x.Length != 13 {
		t.Errorf("%+v\n%+v\n%s\n%s", r, &x, x.Logs(), log.Text())
	}
}
