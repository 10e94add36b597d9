package delta

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
)

// Rest returns what went wrong, with the position of the commit. Nothing behind that
// commit is done, and every commit is let go of.
func TestUpdaterFails(t *testing.T) {
	u := New(nil)
	let := 0
	take := func(seq uint64, facts []byte) {
		c := u.NextChange()
		c.Commit, c.Done = &decoding.Commit{Commit: log.Commit{Position: log.At(seq, 0)}}, func() { let++ }
		c.Row.Ord = seq
		c.Posts = append(c.Posts, Touched{No: 1, Facts: facts})
		u.Take(c)
	}
	take(1, nil)
	if err := u.Rest(); err != nil || len(u.states) != 1 {
		t.Fatalf("%v, %d commits sealed, want 1", err, len(u.states))
	}
	take(2, []byte("no facts"))
	for seq := range uint64(3 * behind) {
		take(3+seq, nil)
	}
	err := u.Rest()
	if !errors.Is(err, timeline.ErrDamaged) || !strings.Contains(err.Error(), log.At(2, 0).String()) {
		t.Errorf("%v, want damage at %s", err, log.At(2, 0))
	}
	if len(u.states) != 1 || let != 2+3*behind {
		t.Errorf("%d commits sealed and %d let go of, want 1 and %d", len(u.states), let, 2+3*behind)
	}
}
