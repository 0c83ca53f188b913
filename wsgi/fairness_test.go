package wsgi_test

import (
	"runtime"
	"strings"
	"testing"

	"httpd-wsgi/wsgi/wsgitest"
)

// TestFairness: a request that computes in one interpreter does not keep those of others waiting, as CPython up to 3.12 would have it.
func TestFairness(t *testing.T) {
	a, b := script("module.wsgi"), script("module.wsgi")
	a.Group, b.Group = "one", "two"
	get(t, a, new(wsgitest.Exchange), "/?1")
	get(t, b, new(wsgitest.Exchange), "/?1")
	done := make(chan bool)
	var x wsgitest.Exchange
	go func() {
		get(t, a, &x, "/?[print('begun')]+[sum(1for(i)in(range(20000000)))]")
		close(done)
	}()
	for !strings.Contains(x.Logs(), "begun") {
		runtime.Gosched()
	}
	get(t, b, new(wsgitest.Exchange), "/?1")
	select {
	case <-done:
		t.Error("the other interpreter had to wait until the first was done")
	default:
	}
	<-done
}
