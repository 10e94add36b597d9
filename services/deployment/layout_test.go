package deployment

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// TestSeenLayout holds the file that names a late commit of the log to what is
// frozen. A member of another name would be read as none, so that a log which
// lost commits would be taken for a whole one.
func TestSeenLayout(t *testing.T) {
	l, file := memlog.New(), filepath.Join(t.TempDir(), seenFile)
	w, err := attest(t.Context(), l, "embedded", file)
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
