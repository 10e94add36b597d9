package command

import (
	"context"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A round is a list of events that were decided together, before they are in the
// log.
type round struct {
	receipts []events.Receipt // for the first events of the list, in order
	numbers  []uint32         // of each receipt's event in the index; 0 if it is not there
	accepted []*events.Event  // as they are recorded
	records  [][]byte         // of the accepted events, parts of buffer
	buffer   []byte
	refused  bool   // an event was refused
	turns    []turn // that the receipts are of, in their order
	imported time.Time
	planned  int // turns that the round was to have

	undos int    // undos in the journal after the round
	end   uint32 // number that the next event after the round gets
}

// decide decides the events of list, in order, and applies those that it accepts to
// the own state, with the journal open. If the commit is full or the round has taken
// [roundBudget], decide stops and the round has fewer receipts than there are turns. If
// decide fails, as it does when ctx ends, it has applied nothing.
func (h *Handler) decide(ctx context.Context, turns []turn, imported time.Time) (*round, error) {
	for _, f := range h.consults {
		f.mu.RLock()
		defer f.mu.RUnlock()
	}
	r, err := h.decideLocked(ctx, eventsOf(turns), imported)
	if err != nil {
		return nil, err
	}
	r.turns, r.imported, r.planned = turns[:len(r.receipts)], imported, len(turns)
	return r, nil
}

// decideLocked is decide for a caller that has locked the consulted folds.
func (h *Handler) decideLocked(ctx context.Context, list []*events.Event, imported time.Time) (decided *round, err error) {
	base := h.own.base
	base.Begin()
	before := base.undoCount()
	defer func() {
		if err != nil {
			base.rollbackTo(before)
		}
	}()
	r := &round{}
	if n := len(h.buffers); n > 0 {
		r.buffer, h.buffers = h.buffers[n-1][:0], h.buffers[:n-1]
	}
	size, begun := 2, time.Now()
	for _, e := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(r.receipts) > 0 && time.Since(begun) > roundBudget {
			break
		}
		if known, ok := base.Find(e.Key()); ok {
			answer, n, err := h.answerKnownKey(ctx, e, known)
			if err != nil {
				return nil, err
			}
			r.addReceipt(answer, n)
			continue
		}
		record := e
		reasons, err := h.checkSuperseded(ctx, e)
		if err != nil {
			return nil, err
		}
		if reasons == nil && !imported.IsZero() {
			reasons = h.checkImport(imported)
		}
		if reasons == nil {
			record, reasons = h.decider.Decide(e)
		}
		if err := h.fillCitations(ctx, reasons); err != nil {
			return nil, err
		}
		if reasons != nil {
			r.addReceipt(events.Reject(e, reasons), 0)
			continue
		}
		begin := len(r.buffer)
		buffer, err := record.Append(r.buffer)
		if err != nil && len(r.receipts) == 0 {
			return nil, err
		}
		if err != nil {
			break // the event is the first of the next round, which fails
		}
		raw := buffer[begin:len(buffer):len(buffer)]
		if 2+len(raw) > log.MaxBytes {
			r.addReceipt(events.Reject(e, events.Refusal(events.TooLarge, "", events.Say(
				"has %d bytes as it is recorded, at most %d are allowed: send its lines in parts",
				"登记后有%d字节，最多允许%d字节：请将各行分几次报送", len(raw), log.MaxBytes-2))), 0)
			continue
		}
		if size += len(raw) + 2; size > log.MaxBytes {
			break
		}
		r.buffer = buffer
		Apply(h.own.state, record)
		r.addReceipt(receipt(record), uint32(base.Len()))
		r.accepted = append(r.accepted, record)
		r.records = append(r.records, raw)
	}
	r.undos, r.end = base.undoCount(), base.end()
	return r, nil
}

// last returns the agency of the event that was decided last.
func (r *round) last() string { return r.turns[len(r.turns)-1].request.agency() }

// counts returns how many events of each request the round holds.
func (r *round) counts() map[*pendingRequest]int {
	n := map[*pendingRequest]int{}
	for _, t := range r.turns {
		n[t.request]++
	}
	return n
}

// addReceipt adds the receipt of the next event of the list. number is that of the
// event in the index, 0 if it is not there.
func (r *round) addReceipt(receipt events.Receipt, number uint32) {
	r.receipts = append(r.receipts, receipt)
	r.numbers = append(r.numbers, number)
	if receipt.Status == events.Rejected {
		r.refused = true
	}
}

// checkImport refuses an import with the recorded time at if the boundary holds a
// live event, or an import of a later recorded time: recorded times never go back.
func (h *Handler) checkImport(at time.Time) events.Reasons {
	if h.own.settled {
		return events.Refusal(ImportClosed, "recordedtime", events.Say(
			"the log has taken live events; history can be imported only before the first of them",
			"日志已开始收取正式报送的事件；历史数据只能在此之前导入"))
	}
	if at.Before(h.own.imported) {
		return events.Refusal(ImportClosed, "recordedtime", events.Say(
			"lies before what was imported already; import in order of recorded time",
			"早于已导入的内容；请按登记时间的先后导入"))
	}
	return nil
}

// receipt returns the receipt of an accepted event, without its position.
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
