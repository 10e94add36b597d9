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

// reckon returns what a month on a post is worth: standard ÷ required days × days
// attended, at most the standard, rounded half up to the fen. A half day counts
// as the pack says, and so do days of leave and of a substitute. A post's own
// standard and required days go before the pack's. Nothing is earned where no
// pack is in force, or nothing is required.
func reckon(pack *policy.Pack, post terms, d days) events.Fen {
	if pack == nil {
		return 0
	}
	standard, required := int64(post.standard), int64(post.required)
	if standard == 0 {
		standard = pack.Payment.Standard.Rural
		if post.urban {
			standard = pack.Payment.Standard.Urban
		}
	}
	if required == 0 {
		required = int64(pack.Payment.RequiredDays)
	}
	if required == 0 {
		return 0
	}
	attended := int64(d.present)*100 + int64(d.half)*int64(pack.Attendance.HalfDayPercent) +
		int64(d.substitute)*int64(pack.Attendance.SubstitutePercent) + int64(d.leave)*int64(pack.Attendance.LeavePercent)
	whole := 100 * required // in hundredths of a day, as attended
	return events.Fen(min(standard, (2*standard*attended+whole)/(2*whole)))
}

// terms are what a month on a post is worth by what was said of the post.
type terms struct {
	division division.Code
	urban    bool
	required int32      // days, 0 is as the pack says
	standard events.Fen // likewise
}

func termsOf(a timeline.Attributes) terms {
	return terms{a.Division, a.Area == "urban", int32(a.RequiredDays), a.Standard}
}

// days are how many days of a month were reported to be what. Other marks are
// worth nothing.
type days struct{ present, half, substitute, leave uint8 }

// worked counts the days on which a placement holds, by their marks.
func worked(placed []timeline.Placement, sheet *timeline.Sheet) (d days) {
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

// A payment is a pay line: when it was paid and when it came back, 0 for never.
type payment struct {
	amount     events.Fen
	paid, back civil.Date
}

// payments returns the pay lines by the day that they were paid on. Premiums of
// insurance are left out.
func payments(lines []timeline.Pay) []payment {
	var all []payment
	for _, l := range lines {
		if l.Kind == "insurance" {
			continue
		}
		p := payment{l.Amount, l.PaidOn, l.ReturnedOn}
		if l.ReversedOn != 0 && (p.back == 0 || l.ReversedOn < p.back) {
			p.back = l.ReversedOn
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b payment) int { return cmp.Compare(a.paid, b.paid) })
	return all
}

// paid sets beside what was entitled the payments for the month, as they stood
// on a business date. late is how many days after the due day what was earned
// had been paid, or how many have gone by on that date while it has not.
func paid(entitled events.Fen, payments []payment, due, asOf civil.Date) (m Money, late int) {
	m.Entitled = entitled
	full := asOf // day on which all was paid
	for _, p := range payments {
		m.Instructed += p.amount
		switch by := func(d civil.Date) bool { return d != 0 && d <= asOf }; {
		case by(p.back):
			m.Returned += p.amount
		case by(p.paid):
			if m.Settled < entitled && m.Settled+p.amount >= entitled {
				full = p.paid
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
