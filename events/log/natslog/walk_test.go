package natslog

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
)

// Goal: a walk refuses the first message after a gap, also in one boundary, where
// sequences have gaps but revisions form a chain.
func TestGaps(t *testing.T) {
	type message struct {
		seq, decidedOn uint64
		boundary       string
	}
	for _, test := range []struct {
		name     string
		from     uint64
		filter   string
		messages []message
		missing  string // the last commit before the gap; empty if there is no gap
	}{
		{"whole", 0, "", []message{{1, 0, "a"}, {2, 0, "b"}, {3, 1, "a"}}, ""},
		{"first one missing", 0, "", []message{{2, 1, "a"}}, "0-0"},
		{"one missing", 0, "", []message{{1, 0, "a"}, {3, 1, "a"}}, "1-0"},
		{"one missing after the start", 4, "", []message{{6, 1, "a"}}, "4-0"},
		{"one twice", 0, "", []message{{1, 0, "a"}, {1, 0, "a"}}, "1-0"},
		{"boundary whole", 0, "a", []message{{2, 0, "a"}, {5, 2, "a"}, {6, 5, "a"}}, ""},
		{"boundary, first one missing", 0, "a", []message{{5, 2, "a"}}, "0-0"},
		{"boundary, one missing", 0, "a", []message{{2, 0, "a"}, {6, 5, "a"}}, "2-0"},
		{"boundary, from another's commit", 3, "a", []message{{5, 2, "a"}, {6, 5, "a"}}, ""},
		{"boundary, from its own commit", 2, "a", []message{{5, 2, "a"}}, ""},
		{"boundary, one missing after the start", 3, "a", []message{{6, 5, "a"}}, "3-0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &walk{filter: log.Filter{Boundary: test.filter}, at: test.from, known: test.from == 0}
			var err error
			for _, m := range test.messages {
				if err != nil {
					t.Fatal("went on after", err)
				}
				_, err = w.accept(guardedCommit{log.Commit{Boundary: m.boundary, Position: log.At(m.seq, 0), Revision: log.Revision(m.seq)}, m.decidedOn})
			}
			if test.missing == "" && err != nil {
				t.Error(err)
			}
			if test.missing != "" && (!errors.Is(err, log.ErrCorrupt) || !strings.Contains(err.Error(), "between "+test.missing)) {
				t.Errorf("%v; want a gap after %s", err, test.missing)
			}
		})
	}
}
