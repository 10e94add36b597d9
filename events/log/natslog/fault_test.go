package natslog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// requestTimeout is that of the driver: how long it waits for an answer before it
// repeats a request.
const answer = 5 * time.Second

// A bridge forwards connections to a server. It can drop the answers of the server
// and then cut the connections, so that requests arrive and answers are lost.
type bridge struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	deaf     bool
	open     map[net.Conn]bool
}

func newBridge(t *testing.T, target string) *bridge {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge{listener: l, target: target, open: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); b.cut() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			b.mu.Lock()
			b.open[client], b.open[server] = true, true
			b.mu.Unlock()
			go func() { io.Copy(server, client); server.Close() }()
			go func() { io.Copy(ears{b, client}, server); client.Close() }()
		}
	}()
	return b
}

// ears is the direction from the server to the client, which can be blocked.
type ears struct {
	b  *bridge
	to net.Conn
}

func (e ears) Write(p []byte) (int, error) {
	e.b.mu.Lock()
	deaf := e.b.deaf
	e.b.mu.Unlock()
	if deaf {
		return len(p), nil
	}
	return e.to.Write(p)
}

func (b *bridge) setDeaf(deaf bool) {
	b.mu.Lock()
	b.deaf = deaf
	b.mu.Unlock()
}

func (b *bridge) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		c.Close()
		delete(b.open, c)
	}
}

// bridged opens a log over a bridge, and the same log without a bridge.
func bridged(t *testing.T) (over, straight *natslog.Log, b *bridge) {
	dir := t.TempDir()
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	b = newBridge(t, strings.TrimPrefix(s.ClientURL(), "nats://"))
	login, err := embedded.Credentials(dir)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect("nats://"+b.listener.Addr().String(), login,
		nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	inside := connect(t, s)
	if err := natslog.Provision(t.Context(), inside, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []struct {
		l  **natslog.Log
		nc *nats.Conn
	}{{&over, nc}, {&straight, inside}} {
		l, err := natslog.Open(t.Context(), to.nc, natslog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		*to.l = l
	}
	return over, straight, b
}

// Goal: an append whose acknowledgement is lost with the connection succeeds after
// the reconnect, and the commit is in the log once.
func TestLostAcknowledgement(t *testing.T) {
	over, straight, b := bridged(t)
	var rev log.Revision
	for i := range 10 {
		before := rev
		b.setDeaf(true)
		// The connection is cut only after the commit has arrived.
		go func() {
			for {
				if _, head, err := straight.Head(t.Context(), log.Filter{}); err != nil || head != before {
					break
				}
				time.Sleep(time.Millisecond)
			}
			b.setDeaf(false)
			b.cut()
		}()
		start := time.Now()
		rev = appendOne(t, over, fmt.Sprint("commit-", i), rev)
		if d := time.Since(start); d >= answer {
			t.Errorf("took %v: waited for an answer that was lost with the connection", d)
		}
	}
	n := 0
	for c, err := range straight.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint("commit-", n); c.ID != want {
			t.Fatalf("%s at %s, want %s", c.ID, c.Position, want)
		}
		n++
	}
	if n != 10 {
		t.Errorf("%d commits, want 10", n)
	}
}

// Goal: if another commit followed ours before the retry, the append still succeeds.
// If another commit came first, it is a conflict.
func TestLostAcknowledgementOvertaken(t *testing.T) {
	over, straight, b := bridged(t)
	b.setDeaf(true)
	go func() {
		for {
			if _, head, err := straight.Head(t.Context(), log.Filter{}); err != nil || head == 1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		appendOne(t, straight, "theirs", 1)
		b.setDeaf(false)
		b.cut()
	}()
	if rev := appendOne(t, over, "ours", 0); rev != 1 {
		t.Errorf("revision %d, want 1", rev)
	}
	c := log.Commit{ID: "late", Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}
	if _, _, err := over.Append(t.Context(), c, 1); !errors.Is(err, log.ErrConflict) {
		t.Errorf("append after theirs: %v", err)
	}
}

// Goal: followers and readers whose connection is cut get each commit once.
func TestCutConnection(t *testing.T) {
	t.Parallel()
	over, straight, b := bridged(t)
	const commits = 400
	var followers sync.WaitGroup
	for _, f := range []log.Filter{{}, {Boundary: "policy"}} {
		followers.Go(func() {
			n := 0
			for c, err := range over.Follow(t.Context(), log.Position{}, f) {
				if want := fmt.Sprint("commit-", n); err != nil || c.ID != want {
					t.Errorf("%s at %s, %v; want %s", c.ID, c.Position, err, want)
					return
				}
				if n++; n == commits {
					return
				}
			}
		})
	}
	stop := make(chan struct{})
	var cutter sync.WaitGroup
	cutter.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(30 * time.Millisecond):
				b.cut()
			}
		}
	})
	var rev log.Revision
	for i := range commits {
		rev = appendOne(t, straight, fmt.Sprint("commit-", i), rev)
		time.Sleep(time.Millisecond)
		if i%40 == 39 {
			n := 0
			var at log.Position
			for more := true; more; {
				// A reader whose connection is cut too often in a row may give up.
				// Resuming after its last commit, the caller still gets every commit.
				more = false
				for c, err := range over.Read(t.Context(), at, log.Filter{}) {
					if errors.Is(err, log.ErrUnavailable) {
						more = true
						break
					}
					if want := fmt.Sprint("commit-", n); err != nil || c.ID != want {
						t.Fatalf("read: %s at %s, %v; want %s", c.ID, c.Position, err, want)
					}
					at = c.Position
					n++
				}
			}
			if n != i+1 {
				t.Fatalf("read %d commits of %d", n, i+1)
			}
		}
	}
	close(stop)
	cutter.Wait()
	followers.Wait()
}

// Goal: if the server is gone, calls fail soon with ErrUnavailable. A follower waits
// until its context ends.
func TestServerGone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	l := provision(t, connect(t, s))
	rev := appendOne(t, l, "a", 0)
	s.Shutdown()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	var last error
	for _, err := range l.Follow(ctx, log.At(1, 0), log.Filter{}) {
		last = err
	}
	if d := time.Since(start); !errors.Is(last, context.DeadlineExceeded) || d > logtest.Soon {
		t.Errorf("follow: %v after %v", last, d)
	}
	var calls sync.WaitGroup
	for name, call := range map[string]func() error{
		"append": func() error {
			_, _, err := l.Append(t.Context(), log.Commit{ID: "b", Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}, rev)
			return err
		},
		"head": func() error { _, _, err := l.Head(t.Context(), log.Filter{}); return err },
		"read": func() (last error) {
			for _, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
				last = err
			}
			return last
		},
	} {
		calls.Go(func() {
			if err := call(); !errors.Is(err, log.ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	calls.Wait()
}
