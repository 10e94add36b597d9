package embedded_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// mount mounts a small file system until the end of the test.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("muster-test", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("SKIPPED: a disk of its own needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Goal: a full disk loses no acknowledged commit. Appends fail at once while the disk
// is full. When there is space again, the server recovers by itself, for the same
// connections.
// Method: a small file system is filled and emptied.
func TestFullDisk(t *testing.T) {
	dir := mount(t, "size=64m")
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 40<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := embedded.Start(embedded.Options{Dir: filepath.Join(dir, "data"), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	url := s.ClientURL()
	nc := connected(t)(s.Connect())
	if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	l, err := natslog.Open(t.Context(), nc, natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	login, err := embedded.Credentials(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	outside := connected(t)(nats.Connect(url, login, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond)))
	other, err := natslog.Open(t.Context(), outside, natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	followed := make(chan log.Commit, 1000)
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	defer following.Wait()
	defer stop()
	following.Go(func() {
		for c, err := range other.Follow(ctx, log.Position{}, log.Filter{}) {
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("follow: %v", err)
				}
				return
			}
			followed <- c
		}
	})

	random := make([]byte, 250<<10) // random bytes do not compress
	rand.Read(random)
	pad := hex.EncodeToString(random)
	var acked []log.Commit
	var rev log.Revision
	try := func() (log.Commit, time.Duration, error) {
		c := log.Commit{ID: fmt.Sprint("commit-", len(acked)), Boundary: "placement", Events: [][]byte{fmt.Appendf(nil, `{"n":%d,"a":"%s"}`, len(acked), pad)}}
		start := time.Now()
		var err error
		c.Position, c.Revision, err = l.Append(t.Context(), c, rev)
		return c, time.Since(start), err
	}
	for {
		c, d, err := try()
		if err != nil {
			if !errors.Is(err, log.ErrUnavailable) || d > logtest.Soon {
				t.Fatalf("full after %d commits: %v after %v", len(acked), err, d)
			}
			t.Logf("full after %d commits, in %v: %v", len(acked), d, err)
			break
		}
		rev = c.Revision
		if acked = append(acked, c); len(acked) > 200 {
			t.Fatal("the disk does not fill")
		}
	}
	for range 3 {
		if _, d, err := try(); !errors.Is(err, log.ErrUnavailable) || d > logtest.Soon {
			t.Errorf("while full: %v after %v", err, d)
		}
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	freed := time.Now()
	for {
		c, _, err := try() // the caller appends the same commit with the same ID again
		if err == nil {
			rev, acked = c.Revision, append(acked, c)
			break
		}
		if !errors.Is(err, log.ErrUnavailable) || time.Since(freed) > logtest.Patience {
			t.Fatalf("%v after there was space: %v", time.Since(freed), err)
		}
	}
	t.Logf("back %v after there was space", time.Since(freed))
	if s.ClientURL() != url {
		t.Errorf("at %s, before at %s", s.ClientURL(), url)
	}
	for name, next := range map[string]func(int) (log.Commit, bool){
		"followed": func(int) (log.Commit, bool) {
			select {
			case c := <-followed:
				return c, true
			case <-time.After(logtest.Patience):
				return log.Commit{}, false
			}
		},
		"read": func() func(int) (log.Commit, bool) {
			var all []log.Commit
			for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c)
			}
			if len(all) != len(acked) {
				t.Errorf("%d commits, %d receipts", len(all), len(acked))
			}
			return func(i int) (log.Commit, bool) {
				if i >= len(all) {
					return log.Commit{}, false
				}
				return all[i], true
			}
		}(),
	} {
		for i, want := range acked {
			c, ok := next(i)
			if !ok || c.ID != want.ID || c.Position != want.Position || string(c.Events[0]) != string(want.Events[0]) {
				t.Fatalf("%s: %q at %s, want %q at %s", name, c.ID, c.Position, want.ID, want.Position)
			}
		}
	}
}

// Goal: a directory that cannot be written is reported at once.
func TestReadOnly(t *testing.T) {
	dir := mount(t, "size=16m")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("SKIPPED: cannot remount: %v", err)
	}
	start := time.Now()
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err == nil {
		s.Shutdown()
	}
	if !errors.Is(err, syscall.EROFS) || time.Since(start) > logtest.Soon {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
