package runner

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// What goes wrong in the second half of a fold is said when the differ is asked to
// rest, with the position of the commit; nothing behind it is done, and every commit
// is let go of.
func TestDifferFails(t *testing.T) {
	d := newDiffer(nil)
	let := 0
	take := func(seq uint64, facts []byte) {
		c := d.change()
		c.said, c.done = &digest{Commit: log.Commit{Position: log.At(seq, 0)}}, func() { let++ }
		c.row.Ord = seq
		c.posts = append(c.posts, touched{no: 1, facts: facts})
		d.take(c)
	}
	take(1, nil)
	if err := d.rest(); err != nil || len(d.sealed) != 1 {
		t.Fatalf("%v, %d commits sealed, want 1", err, len(d.sealed))
	}
	take(2, []byte("no facts"))
	for seq := range uint64(3 * behind) {
		take(3+seq, nil)
	}
	err := d.rest()
	if !errors.Is(err, timeline.ErrDamaged) || !strings.Contains(err.Error(), log.At(2, 0).String()) {
		t.Errorf("%v, want damage at %s", err, log.At(2, 0))
	}
	if len(d.sealed) != 1 || let != 2+3*behind {
		t.Errorf("%d commits sealed and %d let go of, want 1 and %d", len(d.sealed), let, 2+3*behind)
	}
}
