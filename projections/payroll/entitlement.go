package payroll

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// earned is what a person-month was worth.
type earned struct {
	entitled     events.Fen
	disputedDays int
	disputed     events.Fen
}

// earn returns what the days of a month are worth: for each day standard ÷ required days,
// as far as the mark of the day counts, by the rules that are in force on that day. At most
// the required days count: if more were attended, each counts for so much less. The sum is
// rounded half up to the fen. Nothing is earned on days on which no pack is in force or no
// days are required.
func earn(periods []period, d *days) earned {
	var few [4]share
	worth, stake := few[:0:2], few[2:2]
	days := 0
	for i := range periods {
		p := &periods[i]
		if p.pack == nil || p.required == 0 {
			continue
		}
		v := d.value(p)
		worth, stake = append(worth, p.share(v.hundredths)), append(stake, p.share(v.stake))
		days += v.disputed
	}
	return earned{total(worth, true), days, total(stake, false)}
}

// A share is a part of the worth of a month: so many hundredths of a day under a standard
// and required days.
type share struct{ standard, required, hundredths int64 }

// total returns the worth of shares in fen, rounded half up. If capped, shares that are more
// than a whole month together are worth a month in the same proportions.
func total(shares []share, capped bool) events.Fen {
	if len(shares) == 0 {
		return 0
	}
	sum, hundredths, whole := int64(0), int64(0), 100*shares[0].required
	for _, s := range shares {
		if s.required != shares[0].required {
			return exactTotal(shares, capped)
		}
		sum, hundredths = sum+s.standard*s.hundredths, hundredths+s.hundredths
	}
	if capped {
		whole = max(whole, hundredths)
	}
	return events.Fen((2*sum + whole) / (2 * whole))
}

// exactTotal is total for shares with different required days.
func exactTotal(shares []share, capped bool) events.Fen {
	sum, months := new(big.Rat), new(big.Rat)
	for _, s := range shares {
		part := big.NewRat(s.hundredths, 100*s.required)
		months.Add(months, part)
		sum.Add(sum, part.Mul(part, new(big.Rat).SetInt64(s.standard)))
	}
	if capped && months.Cmp(big.NewRat(1, 1)) > 0 {
		sum.Quo(sum, months)
	}
	sum.Add(sum, big.NewRat(1, 2))
	return events.Fen(new(big.Int).Div(sum.Num(), sum.Denom()).Int64())
}

// Money is what was earned in a month and what was paid for it, in fen.
// Premiums of insurance are no part of it.
type Money struct {
	Entitled   events.Fen `json:"entitled"`
	Instructed events.Fen `json:"instructed"`
	Settled    events.Fen `json:"settled"`    // paid, and not come back
	Returned   events.Fen `json:"returned"`   // paid and returned or reversed
	Difference events.Fen `json:"difference"` // settled less entitled: below zero is short, above is over
	Disputed   events.Fen `json:"disputed"`   // by how much reports of different rank differ about what disputed days earned
}

func (m *Money) add(o Money) {
	m.Entitled += o.Entitled
	m.Instructed += o.Instructed
	m.Settled += o.Settled
	m.Returned += o.Returned
	m.Difference += o.Difference
	m.Disputed += o.Disputed
}

// A payment is a pay line. A date of 0 is never.
type payment struct {
	amount   events.Fen
	settled  civil.Date
	returned civil.Date // or reversed, the earlier of the two
}

// payments returns pay lines by the day on which they were settled. Premiums of
// insurance are left out.
func payments(lines []timeline.Pay) []payment {
	var all []payment
	for _, l := range lines {
		if l.Kind == "insurance" {
			continue
		}
		p := payment{l.Amount, l.PaidOn, l.ReturnedOn}
		if l.ReversedOn != 0 && (p.returned == 0 || l.ReversedOn < p.returned) {
			p.returned = l.ReversedOn
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b payment) int { return cmp.Compare(a.settled, b.settled) })
	return all
}

// settle compares what was entitled with the payments for the month, as they stood on a
// business date. late is how many days after the due day the entitlement had been paid in
// full. If it has not been paid in full by asOf, late counts the days until asOf.
func settle(entitled events.Fen, payments []payment, due, asOf civil.Date) (m Money, late int) {
	m.Entitled = entitled
	full := asOf // day on which all was paid
	by := func(d civil.Date) bool { return d != 0 && d <= asOf }
	for _, p := range payments {
		m.Instructed += p.amount
		switch {
		case by(p.returned):
			m.Returned += p.amount
		case by(p.settled):
			if m.Settled < entitled && m.Settled+p.amount >= entitled {
				full = p.settled
			}
			m.Settled += p.amount
		}
	}
	m.Difference = m.Settled - m.Entitled
	if entitled == 0 || due == 0 {
		return m, 0
	}
	return m, max(0, int(full-due))
}
