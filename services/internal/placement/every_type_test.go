package placement

import (
	"testing"

	"github.com/muster-works/muster/events"
)

// notFolded lists the types of the boundary that are about no post in the books and no
// person, each with the reason.
var notFolded = map[events.Type]string{
	events.PlanSetType: "it says how many posts are planned; no decision depends on it",
}

// Goal: no event type of the boundary placement is forgotten by its fold.
// Method: an empty event of each type is read. It must have a kind, or be listed.
func TestEveryTypeIsFolded(t *testing.T) {
	for _, typ := range events.Types() {
		if typ.Family().Boundary() != events.Hire.Boundary() {
			continue
		}
		t.Run(string(typ), func(t *testing.T) {
			f := stated(&events.Event{Type: typ, Data: events.New(typ)}).fact
			if _, listed := notFolded[typ]; (f.kind == noFact) != listed {
				t.Errorf("has kind %d, and is listed as not folded: %v", f.kind, listed)
			}
		})
	}
}
