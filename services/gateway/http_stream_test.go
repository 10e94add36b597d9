package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/internal/command"
)

// Receipts come while the body is still open: a slow sender is not kept
// waiting for its last event.
func TestStreamAnswersAsItReads(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	r, w := io.Pipe()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/events", r)
	request.Header.Set("Content-Type", "application/x-ndjson")
	go fmt.Fprintln(w, raw(t, hire(1)))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text strings.Builder
	read := func(until string) {
		t.Helper()
		buf := make([]byte, 4096)
		for !strings.Contains(text.String(), until) {
			n, err := answer.Body.Read(buf)
			text.Write(buf[:n])
			if err != nil && !strings.Contains(text.String(), until) {
				t.Fatalf("%v after %s", err, text.String())
			}
		}
	}
	read(`"h-1"`)
	go fmt.Fprintln(w, raw(t, hire(2)))
	read(`"h-2"`)
	w.Close()
	read("]}")
}

// A service that fails before the first receipt refuses the stream; later it
// ends the answer with a problem, and what was decided is said.
func TestStreamFails(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	b.desks.fail = func(n int, f events.Family) error {
		if f == events.Attendance {
			return fmt.Errorf("%w: no service", log.ErrUnavailable)
		}
		return nil
	}
	got := post(t, url, "application/x-ndjson", strings.NewReader(raw(t, hire(1))+"\n"+raw(t, sheet("s", 1))+"\n"+raw(t, hire(2))))
	if got.status != 200 || !slices.Equal(all(got.Receipts), []string{"accepted"}) || got.Problem == nil || got.Problem.Status != 503 {
		t.Errorf("%d %s", got.status, got.text)
	}
	got = post(t, url, "application/x-ndjson", strings.NewReader(raw(t, sheet("s", 1))))
	if got.status != 503 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s", got.status, got.text)
	}
	got = post(t, url, "application/json", strings.NewReader(raw(t, sheet("s", 1))))
	if got.status != 503 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s", got.status, got.text)
	}
	b.desks.fail = func(int, events.Family) error { return command.ErrBusy }
	got = post(t, url, "application/json", strings.NewReader(raw(t, hire(2))))
	if got.status != 429 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s", got.status, got.text)
	}
	b.desks.fail = func(int, events.Family) error { return errors.New("service hire: malformed request") }
	if got = post(t, url, "application/json", strings.NewReader(raw(t, hire(2)))); got.status != 500 || strings.Contains(got.text, "malformed") {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// A client that reads nothing until it has sent everything is served, in
// memory that does not grow with what it sends.
func TestStreamOfAnySize(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Services = acceptor{}; o.SpoolDir = t.TempDir() })
	b.submit(t, admission.Local(), hire(1))
	url := serve(t, b)
	e := sheet("s-"+strings.Repeat("0", 100), 1)
	e.Data.(*events.AttendanceReported).Lines[0].Evidence = strings.Repeat("e", 2000)
	line := []byte(raw(t, e) + "\n")
	n := 16_000 // 37 MB, and 3 MB of receipts
	if os.Getenv("MUSTER_LONG") != "" {
		n = 600_000 // 1.4 GB
	}
	body := &repeated{line: line, n: n}
	got := func() (peak uint64) {
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			var m runtime.MemStats
			for {
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}()
		conn := dial(t, url)
		if err := conn.SetReadBuffer(256 << 10); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", n*len(line))
		if _, err := io.Copy(conn, body); err != nil {
			t.Error(err)
		}
		count := &counter{what: []byte(`"accepted"`)}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := io.Copy(count, answer.Body); err != nil {
			t.Error(err)
		}
		if count.n != n || !bytes.HasSuffix(count.last, []byte("]}\n")) {
			t.Errorf("%d receipts, the answer ends in %q", count.n, count.last)
		}
		close(stop)
		<-done
		return peak
	}()
	t.Logf("peak %d MiB", got>>20)
	if got > 64<<20 {
		t.Errorf("heap of %d MiB", got>>20)
	}
}
