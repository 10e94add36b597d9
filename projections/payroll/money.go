package payroll

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/events/rules/paying"
	"github.com/muster-works/muster/projections/timeline"
)

// Money is what was earned in a month and what was paid for it, in fen. Kinds of pay that are
// no part of what a month earns, such as premiums of insurance, stand in Other alone.
type Money struct {
	Entitled   events.Fen `json:"entitled"`
	Instructed events.Fen `json:"instructed"`
	Settled    events.Fen `json:"settled"`     // paid, and not come back
	Returned   events.Fen `json:"returned"`    // paid and returned or reversed
	Rejected   events.Fen `json:"rejected"`    // refused by the bank before it was credited
	Difference events.Fen `json:"difference"`  // settled less entitled: below zero is short, above is over
	Disputed   events.Fen `json:"disputed"`    // by how much reports of different rank differ about what disputed days earned
	LateAmount events.Fen `json:"late_amount"` // the most of what was earned that was outstanding on a day after the due day
	Other      events.Fen `json:"other"`       // paid, and not come back, under kinds that are no part of what a month earns
}

func (m *Money) add(o Money) {
	m.Entitled += o.Entitled
	m.Instructed += o.Instructed
	m.Settled += o.Settled
	m.Returned += o.Returned
	m.Rejected += o.Rejected
	m.Difference += o.Difference
	m.Disputed += o.Disputed
	m.LateAmount += o.LateAmount
	m.Other += o.Other
}

// A payment is a change of what stands in the books of a pay line, from a day on.
type payment struct {
	amount events.Fen
	kind   string // of pay
	on     civil.Date
	what   measure
}

// A measure is a sum of Money that payments change.
type measure uint8

const (
	instructed measure = iota
	settled
	returned
	rejected
)

// payments returns what became of pay lines, by day.
func payments(lines []timeline.Pay) (all []payment) {
	for i := range lines {
		all = appendPayments(all, &lines[i])
	}
	slices.SortFunc(all, func(a, b payment) int {
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.what, b.what), cmp.Compare(a.kind, b.kind), cmp.Compare(a.amount, b.amount))
	})
	return all
}

func appendPayments(to []payment, l *timeline.Pay) []payment {
	add := func(what measure, on civil.Date, amount events.Fen) {
		if amount != 0 {
			to = append(to, payment{amount, l.Kind, on, what})
		}
	}
	first := l.Amount
	for _, o := range l.Again {
		add(instructed, o.On, o.Amount)
		first -= o.Amount
	}
	add(instructed, l.On, first)
	var sums, before paying.Sums
	for i := range l.Movements {
		m := &l.Movements[i]
		sums.Add(&m.Statement, m.On)
		now := sums.Net()
		add(settled, m.On, now.Settled-before.Settled)
		add(returned, m.On, now.Returned-before.Returned)
		add(rejected, m.On, now.Rejected-before.Rejected)
		before = now
	}
	return to
}

// settle compares what was entitled with the payments for the month, as they stood on a
// business date; pack says which kinds of pay count. The parts are those of what was entitled, by due
// day. For each, settle notes how many days after its due day the part, and those before it, had been paid in
// full. If they have not been paid in full by asOf, it counts the days until asOf. late is the most of
// these.
func settle(entitled events.Fen, parts []Part, payments []payment, pack *policy.Pack, asOf civil.Date) (m Money, late int) {
	m.Entitled = entitled
	full := make([]civil.Date, len(parts)) // day on which a part and those before it were paid
	for noted := 0; len(payments) > 0 && payments[0].on <= asOf; {
		day, before := payments[0].on, m.Settled
		noted = m.owe(parts, noted, day)
		for len(payments) > 0 && payments[0].on == day {
			m.count(&payments[0], pack)
			payments = payments[1:]
		}
		for i := range parts {
			if before < parts[i].total && m.Settled >= parts[i].total {
				full[i] = day
			}
		}
	}
	m.Difference = m.Settled - m.Entitled
	m.owe(parts, 0, asOf)
	for i := range parts {
		p := &parts[i]
		if m.Settled < p.total {
			full[i] = asOf
		}
		p.Late = max(0, int(min(full[i], asOf)-p.Due))
		late = max(late, p.Late)
	}
	return m, late
}

// owe notes how much of what was due before a day is outstanding at its beginning, and what was
// outstanding on the first days on which parts from number noted on were late. It returns the number of the
// first part that is not late on that day.
func (m *Money) owe(parts []Part, noted int, day civil.Date) int {
	for ; noted < len(parts) && parts[noted].Due < day; noted++ {
		m.LateAmount = max(m.LateAmount, parts[noted].total-m.Settled)
	}
	if noted > 0 {
		m.LateAmount = max(m.LateAmount, parts[noted-1].total-m.Settled)
	}
	return noted
}

// count counts a payment in the sum that it changes.
func (m *Money) count(p *payment, pack *policy.Pack) {
	if k, known := pack.PayKind(p.kind); !known || k.Counts {
		*m.column(p.what) += p.amount
	} else if p.what == settled {
		m.Other += p.amount
	}
}

func (m *Money) column(of measure) *events.Fen {
	switch of {
	case instructed:
		return &m.Instructed
	case settled:
		return &m.Settled
	case returned:
		return &m.Returned
	default: // rejected
	}
	return &m.Rejected
}
