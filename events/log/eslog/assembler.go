package eslog

import (
	"bytes"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
)

// An assembler reassembles commits from events in log order, and detects damage.
type assembler struct {
	prefix string
	// next is the number of the next event of each boundary. If reading began in the
	// middle of the log, any number is accepted for a boundary that is not in the
	// map.
	next   map[string]uint64
	midway bool

	open log.Commit // the commit whose events are being read, if count > 0
	// count is the number of events in the open commit; 0 if no commit is open.
	count int
	ids   idGenerator
}

// newAssembler returns an assembler for the events that follow what r has yielded.
func newAssembler(prefix string, r *readState) *assembler {
	a := &assembler{prefix: prefix, next: map[string]uint64{}, midway: r.midway}
	for boundary, revision := range r.seen {
		a.next[boundary] = uint64(revision)
	}
	return a
}

// add adds the next event. It returns true and the commit if the event completes one.
// After an error the assembler must not be used again.
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
