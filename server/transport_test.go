package server

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSecureTransport(t *testing.T) {
	s := serve(t, "", answer)
	content := strings.Repeat("0123456789abcdef", 1<<14)
	s.file("big.bin", content)
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.site.ServeConn(SecureTransport(NewTransport(c, false), tls.Server(c, cert.TLS.Clone())))
	}()
	client := cert.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	client.Transport.(*http.Transport).TLSClientConfig.NextProtos = nil
	for _, path := range []string{"/big.bin", "/one"} {
		resp, err := client.Get("https://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		want := content
		if path == "/one" {
			want = "hello"
		}
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	client.CloseIdleConnections()
	<-done
}
