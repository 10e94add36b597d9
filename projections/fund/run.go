package fund

import (
	"hash/maphash"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/paying"
)

// A run holds its pay lines in the order in which events named them first.
type run struct {
	lines []line
	index map[uint64]uint32      // number of a line by a hash of its name
	more  map[uint32][]statement // by number of the line: what a line has no room for
}

// A line holds the first statement of each measure but rejections. Events are their numbers
// in Books.entered; 0 is no statement.
type line struct {
	amount         int64
	settledAmount  int64 // 0 is the rest
	returnedAmount int64 // 0 is the rest
	instructedBy   uint32
	settledBy      uint32
	returnedBy     uint32
	settledOn      int32
	returnedOn     int32
}

// A statement is what an event says of a line.
type statement struct {
	measure measure
	event   uint32     // number
	on      civil.Date // 0 of an instruction, whose day is that of its event
	amount  int64      // 0 is the rest
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
		to.instructedBy, to.amount = s.event, s.amount
	case s.measure == settled && to.settledBy == 0:
		to.settledBy, to.settledOn, to.settledAmount = s.event, int32(s.on), s.amount
	case s.measure == returned && to.returnedBy == 0:
		to.returnedBy, to.returnedOn, to.returnedAmount = s.event, int32(s.on), s.amount
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
	l := &r.lines[n]
	for _, s := range []statement{
		{instructed, l.instructedBy, 0, l.amount},
		{settled, l.settledBy, civil.Date(l.settledOn), l.settledAmount},
		{returned, l.returnedBy, civil.Date(l.returnedOn), l.returnedAmount},
	} {
		if s.event != 0 {
			all = append(all, s)
		}
	}
	return append(all, r.more[n]...)
}

// post posts what a line means for its funds to the commit that is applied, sign times.
func (b *Books) post(r *run, n uint32, sign int64) {
	l := &r.lines[n]
	for _, s := range r.more[n] {
		if s.measure == instructed {
			b.postInstruction(s.event, sign*s.amount)
		}
	}
	if l.instructedBy == 0 {
		return
	}
	b.postInstruction(l.instructedBy, sign*l.amount)
	if l.settledBy != 0 || l.returnedBy != 0 || len(r.more[n]) > 0 {
		b.postPayment(l, r.more[n], sign)
	}
}

// postInstruction posts an amount to the fund and the day of the event that instructs
// it.
func (b *Books) postInstruction(event uint32, amount int64) {
	of := &b.entered[event].account
	b.pending[account{fund: of.fund, measure: instructed, date: of.date}] += amount
}

// kinds are the kinds of statements by measure.
var kinds = map[measure]paying.Kind{settled: paying.Settled, returned: paying.Returned, rejected: paying.Rejected}

// postPayment posts what became of a line, sign times. What came back is settled until the
// day on which it came back, and is not settled from then on.
func (b *Books) postPayment(l *line, more []statement, sign int64) {
	var room [4]paying.Statement
	said := room[:0]
	if l.settledBy != 0 {
		said = append(said, paying.Statement{Kind: paying.Settled, On: civil.Date(l.settledOn), Amount: events.Fen(l.settledAmount)})
	}
	if l.returnedBy != 0 {
		said = append(said, paying.Statement{Kind: paying.Returned, On: civil.Date(l.returnedOn), Amount: events.Fen(l.returnedAmount)})
	}
	for _, s := range more {
		if s.measure != instructed {
			said = append(said, paying.Statement{Kind: kinds[s.measure], On: s.on, Amount: events.Fen(s.amount)})
		}
	}
	order := &b.entered[l.instructedBy].account
	first, amount := order.date, l.amount
	if slices.ContainsFunc(more, func(s statement) bool { return s.measure == rejected }) {
		for _, s := range more { // ordered again
			if s.measure == instructed {
				first, amount = min(first, b.entered[s.event].account.date), amount+s.amount
			}
		}
	}
	a := account{fund: order.fund}
	var sums, before paying.Sums
	for _, m := range paying.Movements(first, events.Fen(amount), said) {
		sums.Add(&m, m.On)
		a.date = m.On
		b.postDifference(a, sums.Net(), before, sign)
		before = sums.Net()
	}
}

// postDifference posts what changed of a line, sign times.
func (b *Books) postDifference(a account, now, before paying.Sums, sign int64) {
	for _, d := range [...]struct {
		measure measure
		amount  events.Fen
	}{{settled, now.Settled - before.Settled}, {returned, now.Returned - before.Returned}, {rejected, now.Rejected - before.Rejected}} {
		if d.amount != 0 {
			a.measure = d.measure
			b.pending[a] += sign * int64(d.amount)
		}
	}
}
