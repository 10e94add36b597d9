package eslog

import (
	"bytes"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
)

// An assembler puts commits together again from events in log order, and is
// where damage is noticed.
type assembler struct {
	prefix string
	// next is the event number that each boundary goes on with. When reading
	// began midway, one that is not in it may go on with any.
	next   map[string]uint64
	midway bool

	open log.Commit // the commit whose events are arriving, if count > 0
	// count is the number of events it will have.
	count int
	ids   idGenerator
}

// newAssembler makes an assembler for what follows on what r has yielded.
func newAssembler(prefix string, r *readState) *assembler {
	a := &assembler{prefix: prefix, next: map[string]uint64{}, midway: r.midway}
	for boundary, revision := range r.seen {
		a.next[boundary] = uint64(revision)
	}
	return a
}

// add takes the next event. It reports true when that event completes a
// commit. After an error the assembler is of no more use.
func (a *assembler) add(e *esdb.RecordedEvent) (log.Commit, bool, error) {
	boundary, ours := strings.CutPrefix(e.StreamID, a.prefix)
	if !ours {
		return log.Commit{}, false, damagedEvent(e, "the server sent an event that was not asked for")
	}
	at, m, err := parsePlace(e)
	if err != nil {
		return log.Commit{}, false, err
	}
	want, seen := a.next[boundary]
	if (seen || !a.midway) && e.EventNumber != want {
		return log.Commit{}, false, damagedEvent(e, "want event number %d; what lies between is gone", want)
	}
	a.next[boundary] = e.EventNumber + 1

	if m.Index == 0 {
		if a.count > 0 {
			return log.Commit{}, false, damagedEvent(e, "a commit begins where commit %q lacks %d of %d events", a.open.ID, a.count-len(a.open.Events), a.count)
		}
		a.count = m.Count
		a.ids = newIDGenerator(boundary, m.Commit)
		a.open = log.Commit{ID: m.Commit, Boundary: boundary, Imported: m.Recorded, Events: make([][]byte, 0, m.Count)}
	}
	switch i := len(a.open.Events); {
	case a.count == 0:
		return log.Commit{}, false, damagedEvent(e, "index %d of a commit whose beginning is missing", m.Index)
	case boundary != a.open.Boundary || m.Index != i || m.Count != a.count:
		return log.Commit{}, false, damagedEvent(e, "index %d of %d where %d of %d of commit %q on %s is due", m.Index, m.Count, i, a.count, a.open.ID, a.open.Boundary)
	case e.EventID != a.ids.eventID(i):
		return log.Commit{}, false, damagedEvent(e, "event id %v does not belong to index %d of commit %q", e.EventID, i, a.open.ID)
	case len(e.Data) < 2 || e.Data[0] != '{' || e.Data[len(e.Data)-1] != '}' || bytes.IndexByte(e.Data, '\n') >= 0:
		return log.Commit{}, false, damagedEvent(e, "data is not a JSON object on one line")
	}
	a.open.Events = append(a.open.Events, e.Data)
	if len(a.open.Events) < a.count {
		return log.Commit{}, false, nil
	}
	c := a.open
	c.Position = at
	c.Revision = log.Revision(e.EventNumber + 1)
	c.Recorded = e.CreatedDate
	if !c.Imported.IsZero() {
		c.Recorded = c.Imported
	}
	a.open, a.count = log.Commit{}, 0
	return c, true, nil
}
