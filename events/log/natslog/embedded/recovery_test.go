package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// threeCommits creates a log of three commits and stops its server.
func threeCommits(t *testing.T, dir string) {
	t.Helper()
	s := start(t, embedded.Options{Dir: dir})
	nc := connected(t)(s.Connect())
	if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	l, err := natslog.Open(t.Context(), nc, natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	defer l.Close()
	var rev log.Revision
	for i := range 3 {
		c := log.Commit{ID: fmt.Sprint("commit-", i), Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}
		if _, rev, err = l.Append(t.Context(), c, rev); err != nil {
			t.Fatal(err)
		}
	}
}

// Goal: if a start is killed after the server has deleted the log's files, the next
// start has them again.
func TestKilledStart(t *testing.T) {
	dir := t.TempDir()
	threeCommits(t, dir)
	guard := filepath.Join(dir, "guard")
	if err := errors.Join(os.Mkdir(guard, 0o700), os.Rename(filepath.Join(dir, "jetstream/jetstream/MUSTER/streams/MUSTER"), filepath.Join(guard, "MUSTER"))); err != nil {
		t.Fatal(err)
	}
	s := start(t, embedded.Options{Dir: dir})
	l, err := natslog.Open(t.Context(), connected(t)(s.Connect()), natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, rev, err := l.Head(t.Context(), log.Filter{}); err != nil || rev != 3 {
		t.Errorf("head %d, %v", rev, err)
	}
	if _, err := os.Stat(guard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the guard is not over: %v", err)
	}
}

// Goal: a start that never ends because of damage reports that it is under way, and
// then fails.
// Method: a high bit is set in the sequence of a stored message, and the server
// counts up to that number. It cannot be stopped, so it runs in a process of its own.
func TestEndlessRecovery(t *testing.T) {
	dir := t.TempDir()
	threeCommits(t, dir)
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/jetstream/*/streams/MUSTER/msgs/*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	b, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	// A record consists of length, sequence, time, length of the subject (together 22
	// bytes), subject, and the rest.
	at := bytes.LastIndex(b, []byte("muster.log.policy")) - 22
	if at < 0 || b[at+4] != 3 {
		t.Fatalf("no third commit in %q", b)
	}
	b[at+4+5] ^= 0x40
	if err := os.WriteFile(blocks[0], b, 0o600); err != nil {
		t.Fatal(err)
	}

	stuck := exec.Command(os.Args[0])
	stuck.Env = append(os.Environ(), "MUSTER_TEST_SERVE="+dir, "MUSTER_TEST_PATIENCE=3s")
	out, err := stuck.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "recovering the log") || !strings.Contains(string(out), "may be damaged") {
		t.Errorf("%v\n%s", err, out)
	}
}
