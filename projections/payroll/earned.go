package payroll

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/timeline"
)

// reckon returns what a month on a post is worth: standard ÷ required days × days
// attended, at most the standard, rounded half up to the fen. Days count on
// which a placement holds, by their marks; a half day counts as the pack says,
// and so do days of leave and of a substitute. A post's own standard and
// required days go before the pack's. Nothing is earned where no pack is in
// force, or nothing is required.
func reckon(pack *policy.Pack, post timeline.Attributes, placed []timeline.Placement, sheet timeline.Sheet) events.Fen {
	if pack == nil {
		return 0
	}
	standard, required := int64(post.Standard), int64(post.RequiredDays)
	if standard == 0 {
		standard = pack.Payment.Standard.Rural
		if post.Area == "urban" {
			standard = pack.Payment.Standard.Urban
		}
	}
	if required == 0 {
		required = int64(pack.Payment.RequiredDays)
	}
	if required == 0 {
		return 0
	}
	whole := 100 * required // in hundredths of a day
	return events.Fen(min(standard, (2*standard*attended(pack, placed, sheet)+whole)/(2*whole)))
}

// attended counts hundredths of days.
func attended(pack *policy.Pack, placed []timeline.Placement, sheet timeline.Sheet) (sum int64) {
	for i := range sheet.Month.Days() {
		day := sheet.Month.First() + civil.Date(i)
		if !slices.ContainsFunc(placed, func(p timeline.Placement) bool { return p.Holds(day) }) {
			continue
		}
		switch sheet.Marks[i] {
		case 'P':
			sum += 100
		case 'H':
			sum += int64(pack.Attendance.HalfDayPercent)
		case 'S':
			sum += int64(pack.Attendance.SubstitutePercent)
		case 'L':
			sum += int64(pack.Attendance.LeavePercent)
		}
	}
	return sum
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

// paid sets beside what was entitled the pay lines of the month, as they stood
// on a business date. late is how many days after the due day what was earned
// had been paid, or how many have gone by on that date while it has not.
func paid(entitled events.Fen, lines []timeline.Pay, due, asOf civil.Date) (m Money, late int) {
	m.Entitled = entitled
	var stayed []timeline.Pay
	for _, l := range lines {
		if l.Kind == "insurance" {
			continue
		}
		m.Instructed += l.Amount
		switch by := func(d civil.Date) bool { return d != 0 && d <= asOf }; {
		case by(l.ReturnedOn) || by(l.ReversedOn):
			m.Returned += l.Amount
		case by(l.PaidOn):
			m.Settled += l.Amount
			stayed = append(stayed, l)
		}
	}
	m.Difference = m.Settled - m.Entitled
	if entitled == 0 || due == 0 {
		return m, 0
	}
	slices.SortFunc(stayed, func(a, b timeline.Pay) int { return cmp.Compare(a.PaidOn, b.PaidOn) })
	full, sum := asOf, events.Fen(0)
	for _, l := range stayed {
		if sum += l.Amount; sum >= entitled {
			full = l.PaidOn
			break
		}
	}
	return m, max(0, int(full-due))
}
