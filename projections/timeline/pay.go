package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/paying"
)

// A Pay is one pay line with what became of it. If no known event instructed the line, only
// Run, Line and Movements are set, and movements of the rest have no amount.
type Pay struct {
	Run    Number // see readmodel.Reader.Run
	Line   string
	Post   Number
	Month  civil.Month
	Kind   string
	Amount events.Fen
	On     civil.Date // day of the order
	Again  []Order    // of a line that was rejected: orders after the first; their amounts are part of Amount

	Movements  []Movement // by day, see package paying
	Instructed Ref
}

// An Order is an amount that was ordered on a day.
type Order struct {
	On     civil.Date
	Amount events.Fen
	Ref    Ref
}

// A Movement is money of a line that was settled, came back or was rejected.
type Movement struct {
	paying.Statement
	Reversed bool   // of what came back: it was taken back, and not sent back by the bank
	Account  uint32 // of a settlement: fingerprint of the account paid to; 0 if not known
	Ref      Ref
}

func (m Movement) compare(o Movement) int {
	return cmp.Or(m.Compare(o.Statement), cmp.Compare(m.Account, o.Account), cmp.Compare(m.Ref, o.Ref))
}

// Sums returns what stands in the books of the line on a day.
func (p *Pay) Sums(on civil.Date) (s paying.Sums) {
	for i := range p.Movements {
		s.Add(&p.Movements[i].Statement, on)
	}
	return s.Net()
}

// Pay returns the pay lines of the person, sorted by month, kind, post, amount and name. When
// two events instruct the same line, the result has one line: a line that was rejected is
// ordered again, and of any other the event with the larger amount counts. Of two that differ in
// nothing but the post, which record mode alone lets in, the post counts that the log named later
// for the first time.
func (p *Person) Pay() []Pay {
	all := p.linesOfPay()
	for i := range all {
		l := &all[i]
		l.orderAgain()
		for n := range l.Movements {
			l.Movements[n].NotBefore(l.On)
		}
		slices.SortFunc(l.Movements, Movement.compare)
		paying.Resolve(l.Amount, len(l.Movements), func(i int) *paying.Statement { return &l.Movements[i].Statement })
		if l.Instructed != 0 {
			l.Movements = slices.DeleteFunc(l.Movements, func(m Movement) bool { return m.Amount == 0 })
		}
	}
	slices.SortFunc(all, func(a, b Pay) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Post, b.Post),
			cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Run, b.Run))
	})
	return all
}

// linesOfPay returns the pay lines with what the events say of each.
func (p *Person) linesOfPay() (all []Pay) {
	type key struct {
		run  Number
		line string
	}
	at := make(map[key]int, len(p.instructed))
	line := func(run Number, name string) *Pay {
		k := key{run, name}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, Pay{Run: run, Line: name})
		}
		return &all[i]
	}
	for _, f := range p.instructed {
		l := line(f.what.Run, f.what.Line)
		orders := append(l.Again, Order{f.what.On, f.what.Amount, f.ref})
		if l.Instructed == 0 || comparePay(l, &f.what) < 0 {
			*l = f.what
		}
		l.Again = orders // all of them, until orderAgain
	}
	for _, f := range p.moved {
		l := line(f.what.run, f.what.line)
		l.Movements = append(l.Movements, f.what.Movement)
	}
	return all
}

// orderAgain makes one order of those of a line that was rejected. Of any other line the one that
// counts is left.
func (p *Pay) orderAgain() {
	orders := p.Again
	p.Again = nil
	rejected := slices.ContainsFunc(p.Movements, func(m Movement) bool { return m.Statement.Kind == paying.Rejected })
	if len(orders) < 2 || !rejected {
		return
	}
	slices.SortFunc(orders, func(a, b Order) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Ref, b.Ref))
	})
	p.On, p.Amount, p.Instructed, p.Again = orders[0].On, orders[0].Amount, orders[0].Ref, orders[1:]
	for _, o := range p.Again {
		p.Amount += o.Amount
	}
}

// comparePay compares two instructions of the same line: by amount, then by
// month, kind, post and day. The greater instruction counts.
func comparePay(a, b *Pay) int {
	return cmp.Or(cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Post, b.Post),
		cmp.Compare(a.On, b.On))
}

// A lineMovement is what an event says of money of a line of a run.
type lineMovement struct {
	run  Number
	line string
	Movement
}

// movement reads a settlement, a return, a reversal or a rejection.
func (r *reader) movement(tag Tag, ref Ref) (m lineMovement) {
	m.run, m.line, m.On, m.Ref = Number(r.uint()), r.line(), r.date(), ref
	switch tag {
	case TagSettled:
		m.Kind, m.Account = paying.Settled, uint32(r.uint())
	case TagRejected:
		m.Kind = paying.Rejected
	default:
		m.Kind, m.Reversed = paying.Returned, tag == TagReversed
	}
	m.Amount = events.Fen(r.uint())
	return m
}
