package natslog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
)

// Goal: no acknowledged commit is lost if the power fails after the server has begun
// a new file and compressed the previous one.
// Method: the last of three files is empty and the index is older than it. Commits
// are appended, and the log is read to its end after another start.
func TestBegunBlock(t *testing.T) {
	dir := t.TempDir()
	outdated, _ := threeBlocks(t, dir)
	files := filepath.Join(dir, "jetstream/jetstream/MUSTER/streams/MUSTER/msgs")
	if err := os.Truncate(filepath.Join(files, "3.blk"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(files, "index.db"), outdated, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveIn(t, dir, "127.0.0.1:0")
	l, err := natslog.Open(t.Context(), connect(t, s), natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, rev, err := l.Head(t.Context(), log.Filter{})
	if err != nil || rev < 12 {
		t.Fatal(rev, err)
	}
	for i := range 3 {
		c := log.Commit{ID: fmt.Sprint("after-", i), Boundary: "placement", Events: [][]byte{[]byte(`{"short":true}`)}}
		if _, rev, err = l.Append(t.Context(), c, rev); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	s.Shutdown()

	l, err = natslog.Open(t.Context(), connect(t, serveIn(t, dir, "127.0.0.1:0")), natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if n, err := readTo(l.Read(t.Context(), log.Position{}, log.Filter{}), rev); n != rev || err != nil {
		t.Errorf("%d of %d commits, %v", n, rev, err)
	}
}
