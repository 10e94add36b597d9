package natslog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: clients notice if a server loses commits while they are disconnected, and
// gives their sequences to other commits.
// Method: the files of an earlier moment are restored, another client writes to them,
// and then the server returns to its address.
func TestAnotherPast(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprint("lost=", lost), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := serveIn(t, dir, "127.0.0.1:0")
			if err := natslog.Provision(t.Context(), connect(t, s), natslog.Options{}); err != nil {
				t.Fatal(err)
			}
			home := strings.TrimPrefix(s.ClientURL(), "nats://")
			login, err := embedded.Credentials(dir)
			if err != nil {
				t.Fatal(err)
			}
			nc, err := nats.Connect(s.ClientURL(), login, nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(nc.Close)
			l, err := natslog.Open(t.Context(), nc, natslog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			followed := make(chan error, 1)
			ctx, cancel := context.WithTimeout(t.Context(), logtest.Patience)
			defer cancel()
			go func() {
				for c, err := range l.Follow(ctx, log.Position{}, log.Filter{}) {
					if err != nil || c.ID == "goes-on" {
						followed <- err
						return
					}
				}
			}()
			rev := appendOne(t, l, "a", 0)
			rev = appendOne(t, l, "b", rev)

			files := filepath.Join(dir, "jetstream")
			early := filepath.Join(t.TempDir(), "early")
			s.Shutdown()
			if err := os.CopyFS(early, os.DirFS(files)); err != nil {
				t.Fatal(err)
			}
			s = serveIn(t, dir, home)
			rev = appendOne(t, l, "c", rev)
			s.Shutdown()
			if lost {
				if err := errors.Join(os.RemoveAll(files), os.Rename(early, files)); err != nil {
					t.Fatal(err)
				}
				// Only the other client knows this address.
				s = serveIn(t, dir, "127.0.0.1:0")
				other, err := natslog.Open(t.Context(), connect(t, s), natslog.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if at := appendOne(t, other, "c-of-another", 2); at != rev {
					t.Fatalf("at %d, want %d", at, rev)
				}
				other.Close()
				s.Shutdown()
			}
			serveIn(t, dir, home)

			_, _, appended := l.Append(ctx, log.Commit{ID: "goes-on", Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}, rev)
			var read error
			for _, err := range l.Read(ctx, log.At(uint64(rev), 0), log.Filter{Boundary: "policy"}) {
				read = err
			}
			_, _, head := l.Head(ctx, log.Filter{})
			for name, err := range map[string]error{"append": appended, "read": read, "head": head, "follow": <-followed} {
				if !lost && err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if lost && (!errors.Is(err, log.ErrForeign) || !strings.Contains(err.Error(), "another past")) {
					t.Errorf("%s after another past: %v", name, err)
				}
			}
		})
	}
}

func serveIn(t testing.TB, dir, addr string) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}
