package payroll

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/timeline"
)

// entitlement returns what a month on a post is worth: standard ÷ required days × days
// attended, at most the standard, rounded half up to the fen. A half day counts as the
// pack says, and so do days of leave and of a substitute. If the post has a standard or
// required days of its own, they go before those of the pack. Nothing is earned if no
// pack is in force, or if no days are required.
func entitlement(pack *policy.Pack, t terms, d days) events.Fen {
	if pack == nil {
		return 0
	}
	standard, required := int64(t.standard), int64(t.required)
	if standard == 0 {
		standard = standardOf(pack, t)
	}
	if required == 0 {
		required = int64(pack.Payment.RequiredDays)
	}
	if required == 0 {
		return 0
	}
	attended := d.attended(pack)
	whole := 100 * required // in hundredths of a day, as attended
	return events.Fen(min(standard, (2*standard*attended+whole)/(2*whole)))
}

// standardOf returns the standard of the pack, in fen a month.
func standardOf(pack *policy.Pack, t terms) int64 {
	if t.urban {
		return pack.Payment.Standard.Urban
	}
	return pack.Payment.Standard.Rural
}

// attended returns what the days count for, in hundredths of a day.
func (d days) attended(pack *policy.Pack) int64 {
	return int64(d.present)*100 + int64(d.half)*int64(pack.Attendance.HalfDayPercent) +
		int64(d.substitute)*int64(pack.Attendance.SubstitutePercent) + int64(d.leave)*int64(pack.Attendance.LeavePercent)
}

// terms are the attributes of a post that the worth of a month depends on.
type terms struct {
	division division.Code
	urban    bool
	required int32      // days a month; 0 is as the pack says
	standard events.Fen // a month; 0 is as the pack says
}

func termsOf(a timeline.Attributes) terms {
	return terms{a.Division, a.Area == "urban", int32(a.RequiredDays), a.Standard}
}

// days counts the days of a month by their marks. Other marks are worth nothing.
type days struct{ present, half, substitute, leave uint8 }

// daysWorked counts the marks of the days on which one of the placements holds.
func daysWorked(placed []timeline.Placement, sheet *timeline.Sheet) (d days) {
	for i := range sheet.Month.Days() {
		day := sheet.Month.First() + civil.Date(i)
		if !slices.ContainsFunc(placed, func(p timeline.Placement) bool { return p.Holds(day) }) {
			continue
		}
		switch sheet.Marks[i] {
		case 'P':
			d.present++
		case 'H':
			d.half++
		case 'S':
			d.substitute++
		case 'L':
			d.leave++
		}
	}
	return d
}

// Money is what was earned in a month and what was paid for it, in fen.
// Premiums of insurance are no part of it.
type Money struct {
	Entitled   events.Fen `json:"entitled"`
	Instructed events.Fen `json:"instructed"`
	Settled    events.Fen `json:"settled"`    // paid, and not come back
	Returned   events.Fen `json:"returned"`   // paid and returned or reversed
	Difference events.Fen `json:"difference"` // settled less entitled: below zero is short, above is over
}

func (m *Money) add(o Money) {
	m.Entitled += o.Entitled
	m.Instructed += o.Instructed
	m.Settled += o.Settled
	m.Returned += o.Returned
	m.Difference += o.Difference
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
