package deployment

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// A notebook is an io.Writer that is safe for concurrent use.
type notebook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

func eventStore(t *testing.T, o estest.Options) *estest.Server {
	t.Helper()
	s, err := estest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// upOn runs up on a log elsewhere until the test ends, and returns what it prints,
// where it answers once it is ready, and its end.
func upOn(t *testing.T, url string, simulate float64) (out *notebook, ready <-chan string, ended <-chan error) {
	t.Helper()
	out = &notebook{}
	at, end := make(chan string, 1), make(chan error, 1)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	c := Config{Data: t.TempDir(), HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", Log: url, Out: out, Simulate: simulate, Seed: 1}
	var running sync.WaitGroup
	running.Go(func() { end <- Up(ctx, c, func(a Addresses) { at <- a.HTTP }) })
	t.Cleanup(func() { stop(); running.Wait() })
	return out, at, end
}

func await(t *testing.T, ready <-chan string, ended <-chan error) string {
	t.Helper()
	select {
	case at := <-ready:
		return at
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(2 * time.Minute):
		t.Fatal("not ready")
	}
	return ""
}

func readyz(t *testing.T, at string) (int, string) {
	t.Helper()
	r, err := http.Get(at + readyPath)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// A deployment that is started while its log does not answer waits for it: before
// the log was reached at all, and when it goes away at each call of the start.
func TestUpWaitsForLog(t *testing.T) {
	t.Run("from the beginning", func(t *testing.T) {
		s := eventStore(t, estest.Options{})
		url := s.URL()
		s.Stop()
		out, ready, ended := upOn(t, url, 0)
		for end := time.Now().Add(time.Minute); !strings.Contains(out.String(), "waiting for the log"); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("nothing is said: %s", out)
			}
		}
		if err := s.Resume(); err != nil {
			t.Fatal(err)
		}
		await(t, ready, ended)
		if !strings.Contains(out.String(), "the log answers") {
			t.Errorf("the end of waiting is not said: %s", out)
		}
	})
	// The calls of a start are counted once, and then the server goes away at each.
	s := eventStore(t, estest.Options{})
	_, ready, ended := upOn(t, s.URL(), 0)
	await(t, ready, ended)
	calls := min(s.Calls(), 40)
	for n := 1; n <= calls; n += 4 {
		s := eventStore(t, estest.Options{})
		gone := make(chan struct{})
		s.AtCall(n, func() {
			go func() {
				defer close(gone)
				s.Stop()
				time.Sleep(300 * time.Millisecond)
				if err := s.Resume(); err != nil {
					t.Error(err)
				}
			}()
		})
		_, ready, ended := upOn(t, s.URL(), 0)
		await(t, ready, ended)
		select {
		case <-gone:
		default: // this start made fewer calls
		}
	}
}

// Readiness names the log, says when it does not answer, and when it is in danger.
func TestReadinessOfLog(t *testing.T) {
	s := eventStore(t, estest.Options{})
	_, ready, ended := upOn(t, s.URL(), 0)
	at := await(t, ready, ended)
	if code, body := readyz(t, at); code != http.StatusOK || !strings.Contains(body, "log "+s.URL()+" answers") {
		t.Errorf("%d %s", code, body)
	}
	s.Freeze()
	if code, body := readyz(t, at); code != http.StatusServiceUnavailable || !strings.Contains(body, "does not answer") {
		t.Errorf("a server that stands still: %d %s", code, body)
	}
	s.Thaw()
	s.Stop()
	if code, body := readyz(t, at); code != http.StatusServiceUnavailable || !strings.Contains(body, s.URL()) {
		t.Errorf("a server that is gone: %d %s", code, body)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		code, body := readyz(t, at)
		if code == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d %s", code, body)
		}
	}
}

// Retention is refused at the start, and takes readiness away while running.
func TestRetentionNoticed(t *testing.T) {
	s := eventStore(t, estest.Options{})
	c := Config{Log: s.URL()}
	l, err := c.openLog(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v := c.vigil(&ground{log: l, driver: l})
	if err := v.examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.SetMetadata("muster-placement", `{"$maxCount":10}`)
	ctx, stop := context.WithCancel(t.Context())
	var keeping sync.WaitGroup
	keeping.Go(func() { v.keep(ctx, 10*time.Millisecond) })
	for end := time.Now().Add(time.Minute); v.found() == nil && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	stop()
	keeping.Wait()
	if err := v.found(); !errors.Is(err, log.ErrMisconfigured) {
		t.Errorf("while running: %v", err)
	}
	_, ready, ended := upOn(t, s.URL(), 0)
	select {
	case err := <-ended:
		if !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), "muster-placement") {
			t.Errorf("at the start: %v", err)
		}
	case <-ready:
		t.Error("it started")
	case <-time.After(time.Minute):
		t.Error("neither started nor refused")
	}
}
