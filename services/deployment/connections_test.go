package deployment

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Connections beyond the limit are closed at once, and a connection that ends makes room.
func TestConnectionLimit(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	warnings := 0
	l := limitConnections(inner, 6, func(string, ...any) { warnings++ })
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}}
	server.Start()
	defer server.Close()
	dial := func() (net.Conn, bool) {
		t.Helper()
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		return conn, err == nil
	}
	var open []net.Conn
	for range 3 {
		conn, ok := dial()
		if !ok {
			t.Fatal("a connection within the limit is closed")
		}
		open = append(open, conn)
	}
	if _, ok := dial(); ok {
		t.Error("one address has more than half of the connections")
	}
	if !l.admit("192.0.2.1") {
		t.Error("another address finds no room")
	}
	open[0].Close()
	for range 100 {
		if _, ok := dial(); ok {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, ok := dial(); ok || warnings != 1 {
		t.Errorf("room was made twice, or %d warnings", warnings)
	}
}

// A thousand clients that hold a connection open and read nothing keep nobody out.
func TestThousandConnections(t *testing.T) {
	server := newHTTPServer("127.0.0.1:0")
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- server.serve(ctx, limitConnections(inner, connectionsAllowed(), func(string, ...any) {}))
	}()
	for range 1000 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n")
	}
	answer, err := http.Get("http://" + inner.Addr().String() + healthPath)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(shutdownTimeout + 2*time.Second):
		t.Error("the server does not end")
	}
}
