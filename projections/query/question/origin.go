package question

import (
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
)

// An Origin says what an answer was made from.
type Origin struct {
	AsOf       civil.Date     `json:"as_of,omitzero"`
	KnownAt    time.Time      `json:"known_at,omitzero"`         // as asked, clipped to the head; the head's recorded time where left out
	Clipped    bool           `json:"known_at_clipped,omitzero"` // known_at lay beyond the head
	Position   log.Position   `json:"position"`                  // of the last commit that was known then; 0-0 is none
	Recorded   time.Time      `json:"recordedtime,omitzero"`     // of that commit
	State      string         `json:"state,omitzero"`            // hash of all that was made of the log up to that commit, see readmodel.State
	SetAside   []log.Position `json:"set_aside,omitempty"`       // events up to that commit that could not be read and are left out
	Stopped    string         `json:"stopped,omitzero"`          // why the projector reads no further; empty while it does
	Root       *string        `json:"root"`                      // of the log's Merkle tree; null where there is no notary
	Views      map[string]int `json:"views,omitzero"`            // versions, by name
	Generation string         `json:"generation"`
}

func (o *Origin) origin() *Origin { return o }

// MadeFrom notes that the answer is made from a view of a version.
func (o *Origin) MadeFrom(view string, version int) {
	if o.Views == nil {
		o.Views = map[string]int{}
	}
	o.Views[view] = version
}
