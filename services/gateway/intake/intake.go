// Package intake reads the body of a request into items, each of which is one
// event or the reason why there is none, and gathers consecutive items into
// groups. A group goes through the gateway in one step.
//
//	one event, or an array   Parse ─────────────────────────► groups
//	an event a line          ReadLines ──► Queue ──► Take ──► group, group, …
//
// The items of all groups together are in the order of the body. An element or a
// line that cannot be read becomes an item that says so, and does not affect its
// neighbours. A body that cannot be read as a whole is a [problem.Problem].
//
// In an import each event has the attribute recordedtime. It is taken out of the
// event before the contract sees it, and all events of a group have the same one.
package intake

import (
	"errors"
	"time"

	"github.com/muster-works/muster/events"
)

// The bounds of what goes through the gateway in one step.
const (
	GroupEvents = 1000
	GroupBytes  = 4 << 20
)

const (
	// MaxBody bounds a body that is one event or a batch, in bytes.
	MaxBody = 1 << 20
	// MaxBatch bounds the events of a batch.
	MaxBatch = 1000
	// MaxLine bounds a line of NDJSON, in bytes.
	MaxLine = 1 << 20
)

// An Item is one event of a submission, or why there is none.
type Item struct {
	// Event keeps the contract, as [events.Submission] checks it. If Err is set,
	// Event is what could be understood, or nil.
	Event *events.Event
	// Err says why the event could not be read: [events.Reasons].
	Err error
}

// A Group is consecutive items of a body. In an import all of them have one
// recorded time; otherwise it is zero.
type Group struct {
	Items    []Item
	Recorded time.Time

	hasRecorded bool // an item has set Recorded
	bytes       int
}

// Size returns how many bytes the items of the group had as they were sent.
func (g *Group) Size() int { return g.bytes }

func (g *Group) isFull() bool { return len(g.Items) >= GroupEvents || g.bytes >= GroupBytes }

// accepts reports whether an item with a recorded time belongs to the group. An
// item that could not be read belongs to every group.
func (g *Group) accepts(item Item, recorded time.Time) bool {
	return item.Err != nil || !g.hasRecorded || g.Recorded.Equal(recorded)
}

func (g *Group) addItem(item Item, recorded time.Time, size int) {
	if item.Err == nil && !g.hasRecorded {
		g.Recorded, g.hasRecorded = recorded, true
	}
	g.Items, g.bytes = append(g.Items, item), g.bytes+size
}

// readItem reads one event. place says where the event stood. It goes into the
// detail of a refusal, because an event that cannot be read may have no id to be
// named by.
func readItem(raw []byte, imports bool, place events.Sentence) (Item, time.Time) {
	var recorded time.Time
	var refused events.Reasons
	if imports {
		raw, recorded, refused = takeRecorded(raw)
	}
	e, err := events.Submission(raw)
	if err == nil && refused != nil {
		err = refused
	}
	var reasons events.Reasons
	if place != (events.Sentence{}) && errors.As(err, &reasons) && len(reasons) > 0 {
		located := append(events.Reasons(nil), reasons...)
		said := events.Sentence{EN: located[0].Detail, ZH: located[0].DetailZH}
		located[0] = events.ReasonOf(located[0].Code, located[0].Field, events.Say("%s: %s", "%s：%s", place, said))
		err = located
	}
	return Item{e, err}, recorded
}
