package command

import (
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A verdict is what a round came to, before it is in the log.
type round struct {
	receipts []events.Receipt
	numbers  []uint32 // of each receipt's event in the ledger, 0 where it is not there
	accepted []*events.Event
	raw      [][]byte // of what was accepted, in the buffer
	buffer   []byte
	refused  bool

	undo int    // how many undos the journal holds, with the verdict's
	end  uint32 // number of the first event that the verdict does not know
}

// decide judges list against the folds, applying what it accepts to the own
// state, with the journal open. It stops early when the commit is full. With an
// error nothing was applied.
func (d *Handler) decide(list []*events.Event, imported time.Time) (*round, error) {
	for _, f := range d.consults {
		f.mu.RLock()
		defer f.mu.RUnlock()
	}
	return d.decideLocked(list, imported)
}

// judge is decide with the folds consulted locked.
func (d *Handler) decideLocked(list []*events.Event, imported time.Time) (*round, error) {
	books := d.own.books
	books.Begin()
	v := &round{}
	if n := len(d.buffers); n > 0 {
		v.buffer, d.buffers = d.buffers[n-1][:0], d.buffers[:n-1]
	}
	size := 2
	for _, e := range list {
		if known, ok := books.Find(e.Key()); ok {
			r, n := d.known(e, known)
			v.answer(r, n)
			continue
		}
		record, reasons := e, d.checkSuperseded(e)
		if reasons == nil && !imported.IsZero() {
			reasons = d.importable(imported)
		}
		if reasons == nil {
			record, reasons = d.decider.Decide(e)
		}
		if reasons != nil {
			v.answer(events.Reject(e, reasons), 0)
			continue
		}
		begin := len(v.buffer)
		buffer, err := record.Append(v.buffer)
		if err != nil && len(v.receipts) == 0 {
			return nil, err
		}
		if err != nil {
			break // and it is the first of the next round
		}
		raw := buffer[begin:len(buffer):len(buffer)]
		if 2+len(raw) > log.MaxBytes {
			v.answer(events.Reject(e, events.Refuse(events.TooLarge, "",
				fmt.Sprintf("has %d bytes as it is recorded, at most %d are allowed: send its lines in parts", len(raw), log.MaxBytes-2))), 0)
			continue
		}
		if size += len(raw) + 2; size > log.MaxBytes {
			break
		}
		v.buffer = buffer
		Apply(d.own.state, record)
		v.answer(receipt(record), uint32(books.Len()))
		v.accepted = append(v.accepted, record)
		v.raw = append(v.raw, raw)
	}
	v.undo, v.end = books.held(), books.end()
	return v, nil
}

func (v *round) answer(r events.Receipt, number uint32) {
	v.receipts = append(v.receipts, r)
	v.numbers = append(v.numbers, number)
	if r.Status == events.Rejected {
		v.refused = true
	}
}

// known answers an event whose key is taken, and says by which number.
func (d *Handler) known(e *events.Event, known IndexedEvent) (events.Receipt, uint32) {
	if !d.own.books.sameContent(known.Number, e) {
		return events.Reject(e, events.Refuse(IDReused, "id",
			"was used for an event with other content; give this one an id of its own, or correct the first with replaces")), 0
	}
	r := receipt(e)
	r.Status, r.Seat = events.Duplicate, 0
	return r, known.Number
}

// void checks that what e replaces or withdraws is there to be voided. In
// record mode the correction may come before what it corrects.
func (d *Handler) checkSuperseded(e *events.Event) events.Reasons {
	k, ok := e.Supersedes()
	if !ok {
		return nil
	}
	field, t := "replaces", e.Type
	if w, ok := e.Data.(*events.EventWithdrawn); ok {
		field, t = "data.id", w.Of
	}
	entry, known := d.own.books.Find(k)
	switch {
	case k.ID == e.ID:
		return events.Refuse(events.Invalid, field, "names the event itself")
	case !known && d.own.books.Ahead(k):
		return events.Refuse(AlreadySuperseded, field, "names an event that was replaced or withdrawn before it came")
	case !known && e.Submode == events.ModeRecord:
		return nil
	case !known:
		return events.Refuse(UnknownReplaced, field, "names no event of this source and family in the log")
	case entry.Type != t:
		return events.Refuse(UnknownReplaced, field, "names an event of type "+string(entry.Type)+", not "+string(t))
	case entry.Superseded:
		return events.Refuse(AlreadySuperseded, field, "names an event that was replaced or withdrawn before; name the latest one")
	}
	return nil
}

// importable checks that history may still be brought in: as long as the
// boundaries in sight hold nothing but imports, in order of recorded time.
func (d *Handler) importable(at time.Time) events.Reasons {
	if d.own.settled {
		return events.Refuse(ImportClosed, "recordedtime", "the log has taken live events; history can be imported only before the first of them")
	}
	if at.Before(d.own.imported) {
		return events.Refuse(ImportClosed, "recordedtime", "lies before what was imported already; import in order of recorded time")
	}
	return nil
}

// receipt is that of a recorded event.
func receipt(e *events.Event) events.Receipt {
	r := events.Receipt{ID: e.ID, Source: e.Source, Status: events.Accepted}
	if who := e.Data.About(); who != nil {
		r.Person = who.Person
	}
	if hire, ok := e.Data.(*events.HirePlaced); ok {
		r.Seat = hire.Seat
	}
	return r
}
