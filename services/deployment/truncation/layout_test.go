package truncation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// TestFileLayout compares the file with its frozen layout. If a member had another
// name, files of earlier versions would name no commit, and a log that lost commits
// would pass for a whole one.
func TestFileLayout(t *testing.T) {
	l, file := memlog.New(), filepath.Join(t.TempDir(), "log.seen")
	w, err := Watch(t.Context(), l, "embedded", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Append(t.Context(), log.Commit{ID: "0190b0a5-0000", Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	layouttest.Check(t, layouttest.Form{Name: "seen", Constant: layouttest.Forever, Version: []int{1}}, layouttest.Case{Name: "file", Text: string(b)})
}
