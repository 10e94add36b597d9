// Package paying says what became of a line of a pay run: how much of it was ordered, paid,
// came back, and was refused by the bank, on any day.
//
// What the events say of a line are an [Order] and [Statement]s. [Movements] makes amounts of
// money of them. The result depends on the set of the statements and not on their order, so
// the deciding service and the views, which read events in any order, agree.
//
//   - An order that names no other day counts from its day on.
//   - A statement with an amount moves that amount.
//   - A settlement without an amount pays the rest: what the settlements with an amount leave
//     of the order. Of several of them the earliest counts.
//   - A return or reversal without an amount takes back all that was paid and that those with an
//     amount do not take back. Of several of them the earliest counts. If nothing is known to
//     be paid, it takes back the order.
//   - A rejection without an amount gives up what was not settled. Of several of them the earliest
//     counts.
//   - What comes back or is rejected does so on the day of the order at the earliest.
//
// A line that was rejected may be ordered again under its name. Then what was ordered is the sum.
//
// Records of before 1.1 have no amounts: each of their statements is about the whole line.
// Amounts are in fen. Functions keep no state.
package paying

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A Kind says what happened to money of a line.
type Kind uint8

const (
	Settled  Kind = iota // credited to the person
	Returned             // came back from the bank, or was taken back
	Rejected             // refused by the bank before it was credited
)

// A Statement is what one event says of a line.
type Statement struct {
	Kind   Kind
	On     civil.Date
	Amount events.Fen // 0 is the rest
}

// Compare orders statements by day, and those of one day by amount and kind.
func (s Statement) Compare(o Statement) int {
	return cmp.Or(cmp.Compare(s.On, o.On), cmp.Compare(s.Amount, o.Amount), cmp.Compare(s.Kind, o.Kind))
}

// NotBefore moves what comes back or is rejected to the day of the order, if it is said of an
// earlier day.
func (s *Statement) NotBefore(order civil.Date) {
	if s.Kind != Settled {
		s.On = max(s.On, order)
	}
}

// Movements turns the statements about a line into movements: the Amount of each is what it
// moves, and none is the rest. They are sorted by day. Statements that move nothing are left
// out. The line was ordered on a day, in all the amount ordered. The result lies in the memory
// of all.
func Movements(on civil.Date, ordered events.Fen, all []Statement) []Statement {
	for i := range all {
		all[i].NotBefore(on)
	}
	slices.SortFunc(all, Statement.Compare)
	Resolve(ordered, len(all), func(i int) *Statement { return &all[i] })
	return slices.DeleteFunc(all, func(s Statement) bool { return s.Amount == 0 })
}

// Resolve is Movements for n statements that lie in something else: it sets the amounts of the
// statements that at returns, and leaves out none. They must be in the order of Compare, after
// NotBefore.
func Resolve(ordered events.Fen, n int, at func(i int) *Statement) {
	l := line{n, at}
	settled := l.resolve(Settled, ordered)
	back := ordered
	if settled > 0 {
		back = settled
	}
	l.resolve(Returned, back)
	l.resolve(Rejected, max(0, ordered-settled))
}

// A line holds the statements of the events about one pay line.
type line struct {
	n  int
	at func(i int) *Statement
}

// resolve gives the first statement of a kind that has no amount what the others leave of whole,
// and returns the sum of the kind.
func (l line) resolve(of Kind, whole events.Fen) (sum events.Fen) {
	var rest *Statement
	for i := range l.n {
		switch s := l.at(i); {
		case s.Kind != of:
		case s.Amount != 0:
			sum += s.Amount
		case rest == nil:
			rest = s
		}
	}
	if rest != nil && whole > sum {
		rest.Amount, sum = whole-sum, whole
	}
	return sum
}

// Sums are what stands in the books of a line on a day.
type Sums struct {
	Settled  events.Fen // paid, and not come back
	Returned events.Fen // came back
	Rejected events.Fen // refused by the bank
}

// On adds up the movements until a day, that day included.
func On(movements []Statement, day civil.Date) (s Sums) {
	for i := range movements {
		s.Add(&movements[i], day)
	}
	return s.Net()
}

// Net returns the sums of movements that were added with Add. Money may come back, by the
// words of the events, before it was paid: then nothing is settled.
func (s Sums) Net() Sums {
	s.Settled = max(0, s.Settled-s.Returned)
	return s
}

// Add adds a movement, unless it comes after a day.
func (s *Sums) Add(m *Statement, day civil.Date) {
	if m.On > day {
		return
	}
	switch m.Kind {
	case Settled:
		s.Settled += m.Amount
	case Returned:
		s.Returned += m.Amount
	case Rejected:
		s.Rejected += m.Amount
	}
}
