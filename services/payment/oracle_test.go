package payment

import (
	"fmt"

	"github.com/muster-works/muster/events"
)

// A book is the oracle for State: it holds all events, in order, and answers every question by
// reading those that are not superseded. It is slow, and shares no code with State.
type book []*events.Event

// standing lists the events that no other event replaces or withdraws, before or after them.
func (b book) standing() book {
	superseded := map[string]bool{}
	for _, e := range b {
		if w, ok := e.Data.(*events.EventWithdrawn); ok {
			superseded[w.ID] = true
		}
		superseded[e.Replaces] = true
	}
	var list book
	for _, e := range b {
		if !superseded[e.ID] {
			list = append(list, e)
		}
	}
	return list
}

// lineSums are what became of one line.
type lineSums struct {
	fund                          string
	amount                        events.Fen
	instructed, settled, returned int
}

// sums returns the lines by run and line id, and the allocated and the remaining fen of each
// fund.
func (b book) sums() (lines map[string]*lineSums, allocated, left map[string]events.Fen) {
	lines, allocated, left = map[string]*lineSums{}, map[string]events.Fen{}, map[string]events.Fen{}
	at := func(run, line string) *lineSums {
		k := run + "/" + line
		if lines[k] == nil {
			lines[k] = new(lineSums)
		}
		return lines[k]
	}
	for _, e := range b.standing() {
		switch d := e.Data.(type) {
		case *events.FundAllocated:
			allocated[d.Fund] += d.Amount
			left[d.Fund] += d.Amount
		case *events.PaymentInstructed:
			for _, l := range d.Lines {
				t := at(d.Run, l.Line)
				t.instructed++
				t.fund, t.amount = d.Fund, l.Amount
				left[d.Fund] -= l.Amount
			}
		case *events.PaymentSettled:
			for _, l := range d.Lines {
				at(d.Run, l.Line).settled++
			}
		case *events.PaymentReturned:
			for _, l := range d.Lines {
				at(d.Run, l.Line).returned++
			}
		case *events.PaymentReversed:
			for _, l := range d.Lines {
				at(d.Run, l.Line).returned++
			}
		}
	}
	for _, t := range lines {
		if t.instructed > 0 && t.returned > 0 {
			left[t.fund] += t.amount
		}
	}
	return lines, allocated, left
}

// broken lists the hard rules that the standing events break.
func (b book) broken() (list []string) {
	lines, _, left := b.sums()
	for f, n := range left {
		if n < 0 {
			list = append(list, fmt.Sprintf("fund %s is at %d", f, n))
		}
	}
	for k, t := range lines {
		switch {
		case t.instructed > 1:
			list = append(list, k+" is instructed twice")
		case t.settled > 1:
			list = append(list, k+" is settled twice")
		case t.returned > 1:
			list = append(list, k+" came back twice")
		case t.settled > t.instructed:
			list = append(list, k+" is settled and not instructed")
		case t.returned > t.settled:
			list = append(list, k+" came back and was not settled")
		}
	}
	return list
}
