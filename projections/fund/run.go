package fund

import (
	"hash/maphash"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A run holds its pay lines in the order in which events named them first.
type run struct {
	lines []line
	index map[uint64]uint32      // number of a line by a hash of its name
	more  map[uint32][]statement // by number of the line: what a line has no room for
}

// A line holds the first statement of each measure. Events are their numbers in
// Books.entered; 0 is no statement.
type line struct {
	amount       int64
	instructedBy uint32
	settledBy    uint32
	returnedBy   uint32
	settledOn    int32
	returnedOn   int32
}

// A statement is what an event says of a line: an amount if it instructs, else a day.
type statement struct {
	measure measure
	event   uint32 // number
	value   int64
}

// addStatement adds what an event says of a line, posts the difference, and returns the
// number of the line.
func (b *Books) addStatement(r *run, name string, s statement) uint32 {
	hash := maphash.String(b.seed, name)
	n, ok := r.index[hash]
	if !ok {
		n = uint32(len(r.lines))
		r.index[hash] = n
		r.lines = append(r.lines, line{})
	}
	b.post(r, n, -1)
	r.add(n, s)
	b.post(r, n, 1)
	return n
}

// add adds a statement to a line.
func (r *run) add(n uint32, s statement) {
	switch to := &r.lines[n]; {
	case s.measure == instructed && to.instructedBy == 0:
		to.instructedBy, to.amount = s.event, s.value
	case s.measure == settled && to.settledBy == 0:
		to.settledBy, to.settledOn = s.event, int32(s.value)
	case s.measure == returned && to.returnedBy == 0:
		to.returnedBy, to.returnedOn = s.event, int32(s.value)
	default:
		if r.more == nil {
			r.more = map[uint32][]statement{}
		}
		r.more[n] = append(r.more[n], s)
	}
}

// retract takes away what an event said of a line.
func (r *run) retract(n uint32, m measure, event uint32) {
	all := slices.DeleteFunc(r.statements(n), func(s statement) bool { return s.measure == m && s.event == event })
	slices.SortStableFunc(all, func(a, b statement) int { return int(a.event) - int(b.event) })
	r.lines[n] = line{}
	delete(r.more, n)
	for _, s := range all {
		r.add(n, s)
	}
}

// statements returns all that is said of a line.
func (r *run) statements(n uint32) (all []statement) {
	l := r.lines[n]
	for _, s := range []statement{{instructed, l.instructedBy, l.amount}, {settled, l.settledBy, int64(l.settledOn)}, {returned, l.returnedBy, int64(l.returnedOn)}} {
		if s.event != 0 {
			all = append(all, s)
		}
	}
	return append(all, r.more[n]...)
}

// post posts what a line means for its funds to the commit that is applied, sign times.
func (b *Books) post(r *run, n uint32, sign int64) {
	l := r.lines[n]
	for _, s := range r.more[n] {
		switch s.measure {
		case instructed:
			b.postInstruction(s.event, sign*s.value)
		case settled:
			l.settledOn = min(l.settledOn, int32(s.value))
		case returned:
			l.returnedOn = min(l.returnedOn, int32(s.value))
		default: // the others need nothing here
		}
	}
	if l.instructedBy == 0 {
		return
	}
	b.postInstruction(l.instructedBy, sign*l.amount)
	b.postPayment(l, sign*l.amount)
}

// postInstruction posts an amount to the fund and the month of the event that instructs
// it.
func (b *Books) postInstruction(event uint32, amount int64) {
	of := &b.entered[event].account
	b.pending[account{fund: of.fund, measure: instructed, date: of.date}] += amount
}

// postPayment posts what became of a line. A line that was returned is settled until the
// day of the return, and is not settled from then on.
func (b *Books) postPayment(l line, amount int64) {
	a := account{fund: b.entered[l.instructedBy].account.fund}
	if l.returnedBy != 0 {
		a.measure, a.date = returned, civil.Date(l.returnedOn)
		b.pending[a] += amount
	}
	if l.settledBy == 0 {
		return
	}
	a.measure, a.date = settled, civil.Date(l.settledOn)
	b.pending[a] += amount
	if l.returnedBy != 0 {
		a.date = civil.Date(max(l.settledOn, l.returnedOn))
		b.pending[a] -= amount
	}
}
