package natslog_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// Goal: a log from which commits were deleted is not opened, and the error names the
// first one.
func TestDeletedCommits(t *testing.T) {
	nc := connect(t, serve(t))
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(logtest.Patience))
	if err != nil {
		t.Fatal(err)
	}
	if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	whole, err := js.Stream(t.Context(), natslog.Stream)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		remove func(jetstream.Stream) error
		says   string
	}{
		"in the middle": {func(s jetstream.Stream) error { return s.DeleteMsg(t.Context(), 5) }, "1 commits are missing, the first at 5-0"},
		"two": {func(s jetstream.Stream) error {
			return errors.Join(s.DeleteMsg(t.Context(), 3), s.DeleteMsg(t.Context(), 8))
		}, "2 commits are missing, the first at 3-0"},
		"the first": {func(s jetstream.Stream) error { return s.Purge(t.Context(), jetstream.WithPurgeSequence(4)) }, "misses the commits from the one at 1-0"},
		"all":       {func(s jetstream.Stream) error { return s.Purge(t.Context()) }, "misses the commits from the one at 1-0"},
	} {
		t.Run(name, func(t *testing.T) {
			id := strings.ReplaceAll(strings.Fields(name)[0]+fmt.Sprint(len(name)), " ", "")
			o := natslog.Options{Stream: "GONE-" + id, Prefix: "gone." + id}
			safe := whole.CachedInfo().Config
			safe.Name, safe.Subjects = o.Stream, []string{o.Prefix + ".>"}
			open := safe
			open.DenyDelete, open.DenyPurge = false, false
			made, err := js.CreateStream(t.Context(), open)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 10 {
				m := message(o.Prefix, fmt.Sprint("commit-", i), i, []byte(`{"a":1}`))
				if _, err := js.PublishMsg(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			if err := test.remove(made); err != nil {
				t.Fatal(err)
			}
			if _, err := js.UpdateStream(t.Context(), safe); err != nil {
				t.Fatal(err)
			}
			l, err := natslog.Open(t.Context(), nc, o)
			if err == nil {
				l.Close()
			}
			if !errors.Is(err, log.ErrCorrupt) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "backup") {
				t.Errorf("%v; want %q", err, test.says)
			}
		})
	}
}

// Goal: missing or changed files are reported with a position. This happens at the
// start if the server knows what is missing, or if it discarded what it could not
// read and a saved position now has another commit or none. Otherwise a reader gets
// the error.
// Method: the files of a stopped server are damaged, with its index and, as after a
// crash, with the index of twelve commits before or with none.
func TestDamagedFiles(t *testing.T) {
	whole := t.TempDir()
	outdated, last := threeBlocks(t, whole)
	const first, middle, end = 0, 1, 2
	flip := func(block string) error {
		b, err := os.ReadFile(block)
		if err == nil {
			b[5000] ^= 1
			err = os.WriteFile(block, b, 0o600)
		}
		return err
	}
	cut := func(block string) error {
		info, err := os.Stat(block)
		if err == nil {
			err = os.Truncate(block, info.Size()/2)
		}
		return err
	}
	for _, test := range []struct {
		name   string
		damage func(block string) error
		block  int
	}{
		{"first block gone", os.Remove, first},
		{"first block changed", flip, first},
		{"middle block gone", os.Remove, middle},
		{"last block gone", os.Remove, end},
		{"middle block changed", flip, middle},
		{"last block changed", flip, end},
		{"last block cut", cut, end},
	} {
		for _, index := range []string{"whole", "outdated", "gone"} {
			t.Run(fmt.Sprintf("%s, index %s", test.name, index), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "copy")
				if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
				files := filepath.Join(dir, "jetstream/jetstream/MUSTER/streams/MUSTER/msgs")
				blocks := []string{filepath.Join(files, "1.blk"), filepath.Join(files, "2.blk"), filepath.Join(files, "3.blk")}
				err := test.damage(blocks[test.block])
				switch index {
				case "outdated":
					err = errors.Join(err, os.WriteFile(filepath.Join(files, "index.db"), outdated, 0o600))
				case "gone":
					err = errors.Join(err, os.Remove(filepath.Join(files, "index.db")))
				}
				if err != nil {
					t.Fatal(err)
				}
				when, err := opened(t, dir, last)
				if !errors.Is(err, log.ErrCorrupt) && !errors.Is(err, log.ErrForeign) {
					t.Fatalf("%s: %v", when, err)
				}
				if !position.MatchString(err.Error()) && !strings.Contains(err.Error(), "cannot make sense of") {
					t.Errorf("%s: no position: %v", when, err)
				}
				t.Logf("%s: %v", when, err)
				if when == "start" { // the server deletes such files
					if err := flip(blocks[test.block]); err != nil {
						t.Fatal(err)
					}
					if when, err := opened(t, dir, last); err != nil {
						t.Errorf("%s, with the files as they were: %v", when, err)
					}
				}
			})
		}
	}
}

var position = regexp.MustCompile(`\b\d+-0\b`)

// threeBlocks makes a log whose messages fill three files. It returns the index as it
// was when half of them were written, and the last commit.
func threeBlocks(t *testing.T, dir string) (outdated []byte, last log.Commit) {
	t.Helper()
	random := make([]byte, 440<<10) // random bytes do not compress
	rand.Read(random)
	pad := hex.EncodeToString(random)
	grow := func(from, to int) {
		s := serveIn(t, dir, "127.0.0.1:0")
		defer s.Shutdown()
		nc := connect(t, s)
		if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
			t.Fatal(err)
		}
		l, err := natslog.Open(t.Context(), nc, natslog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for i := from; i < to; i++ { // the server begins a new file at 8 MB
			last = log.Commit{ID: fmt.Sprint("commit-", i), Boundary: "placement", Events: [][]byte{fmt.Appendf(nil, `{"n":%d,"a":"%s"}`, i, pad)}}
			if last.Position, last.Revision, err = l.Append(t.Context(), last, log.Revision(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	grow(0, 12)
	outdated, err := os.ReadFile(filepath.Join(dir, "jetstream/jetstream/MUSTER/streams/MUSTER/msgs/index.db"))
	if err != nil {
		t.Fatal(err)
	}
	grow(12, 24)
	return outdated, last
}

// opened starts a server on dir, opens the log, verifies that last is in it, and
// reads it. It returns at which step this fails.
func opened(t *testing.T, dir string, last log.Commit) (when string, err error) {
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		return "start", err
	}
	defer s.Shutdown()
	l, err := natslog.Open(t.Context(), connect(t, s), natslog.Options{})
	if err != nil {
		return "open", err
	}
	defer l.Close()
	if err := l.Verify(t.Context(), last.Position, last.ID); err != nil {
		return "verify", err
	}
	ctx, cancel := context.WithTimeout(t.Context(), logtest.Patience)
	defer cancel()
	readings := map[string]iter.Seq2[log.Commit, error]{
		"follow":          l.Follow(ctx, log.Position{}, log.Filter{}),
		"read":            l.Read(ctx, log.Position{}, log.Filter{}),
		"read a boundary": l.Read(ctx, log.Position{}, log.Filter{Boundary: last.Boundary}),
	}
	errs := make(chan error, len(readings))
	for what, commits := range readings {
		go func() {
			n, err := readTo(commits, last.Revision)
			if err == nil && n != last.Revision {
				t.Errorf("%s ends after %d of %d commits", what, n, last.Revision)
			}
			errs <- err
		}()
	}
	whole := 0
	for range readings {
		if failed := <-errs; failed != nil {
			err = failed
		} else {
			whole++
		}
	}
	if err != nil && whole > 0 {
		t.Errorf("%d of %d readings did not meet with %v", whole, len(readings), err)
	}
	if err != nil {
		return "read", err
	}
	return "never", nil
}

// readTo reads up to the commit with the given revision, and returns the number of
// commits.
func readTo(commits iter.Seq2[log.Commit, error], last log.Revision) (n log.Revision, err error) {
	for _, err := range commits {
		if err != nil {
			return n, err
		}
		if n++; n == last {
			break
		}
	}
	return n, nil
}
