package truncation

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// Goal: a log is refused if it lacks the commit that an earlier run saw in it. A log
// that grew is not refused, nor a log of another name. Method: one run after the other
// on logs in memory, with the same file.
func TestGuard(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log.seen")
	grown := func(ids ...string) *memlog.Log {
		l := memlog.New()
		var rev log.Revision
		for _, id := range ids {
			var err error
			c := log.Commit{ID: id, Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}
			if _, rev, err = l.Append(t.Context(), c, rev); err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	watchOnce := func(l log.Log, name string) error {
		w, err := Watch(t.Context(), l, name, file)
		if err != nil {
			return err
		}
		for _, err := range w.Read(t.Context(), log.Position{}, log.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return errors.Join(w.Close(), w.Close()) // a second Close does no harm
	}
	for i, test := range []struct {
		name    string
		commits []string
		foreign string // position that the refusal must name; empty if there is none
	}{
		{"embedded", nil, ""},
		{"embedded", []string{"a", "b"}, ""},
		{"embedded", []string{"a", "b"}, ""},
		{"embedded", []string{"a", "b", "c"}, ""},
		{"embedded", []string{"a", "b"}, "3-0"},
		{"embedded", []string{"a", "b", "another"}, "3-0"},
		{"embedded", nil, "3-0"},
		{"embedded", []string{"a", "b", "c", "d"}, ""},
		{"nats://elsewhere", []string{"x"}, ""},
	} {
		err := watchOnce(grown(test.commits...), test.name)
		if test.foreign == "" && err != nil || test.foreign != "" && (!errors.Is(err, log.ErrForeign) ||
			!strings.Contains(err.Error(), test.foreign) || !strings.Contains(err.Error(), "remove "+file)) {
			t.Errorf("%d, %v: %v", i, test.commits, err)
		}
	}

	// A commit that was appended counts as seen, and one whose append failed does not.
	w, err := Watch(t.Context(), memlog.New(), "mine", file)
	if err != nil {
		t.Fatal(err)
	}
	for i, expected := range []log.Revision{0, 0} {
		w.Append(t.Context(), log.Commit{ID: fmt.Sprint("own-", i), Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}, expected)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := watchOnce(grown("own-1"), "mine"); !errors.Is(err, log.ErrForeign) {
		t.Errorf("another first commit: %v", err)
	}
	if err := watchOnce(grown("own-0"), "mine"); err != nil {
		t.Error(err)
	}
}
