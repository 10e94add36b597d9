package payroll

import (
	"math/bits"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// A daySet is a set of days of a month. Bit 0 is day 1.
type daySet uint32

func (s daySet) len() int { return bits.OnesCount32(uint32(s)) }

// between returns the days from one until before another, as distances from day 1.
func between(from, until civil.Date) daySet { return 1<<until - 1<<from }

// claiming are the marks that claim something about a day, from the strongest to the
// weakest. Rest (.) and not reported (-) claim nothing.
const claiming = "PHSLA"

// claims are what the reports of one authority say of the days on which the person was in
// place: the days of each mark of claiming. No day has two marks.
type claims struct {
	by    timeline.Authority
	marks [len(claiming)]daySet
}

// claimed returns the days that have a mark.
func (c *claims) claimed() (all daySet) {
	for _, days := range c.marks {
		all |= days
	}
	return all
}

// days are the days of a month on a post: what each authority claims. Almost all months
// have the claims of one authority, so these need no memory of their own.
type days struct {
	first  claims
	others []claims // by authority
}

func (d *days) equal(o *days) bool { return d.first == o.first && slices.Equal(d.others, o.others) }

// add adds what a sheet says of some days.
func (d *days) add(sheet *timeline.Sheet, in daySet) {
	c := claims{by: sheet.By}
	for i := range sheet.Month.Days() {
		if at := markIndex(sheet.Marks[i]); at >= 0 {
			c.marks[at] |= 1 << i & in
		}
	}
	switch {
	case c.claimed() == 0:
	case d.first.claimed() == 0:
		d.first = c
	default:
		d.others = append(d.others, c)
	}
}

// markIndex returns the index of a mark in claiming, and -1 if the mark claims nothing.
func markIndex(mark byte) int {
	for i := range len(claiming) {
		if claiming[i] == mark {
			return i
		}
	}
	return -1
}

// workingDays returns the days of a month on which one of the placements holds, and the person
// is not suspended. A suspended person earns nothing, whatever a sheet says.
func workingDays(placed []timeline.Placement, month civil.Month) (in daySet) {
	first, end := month.First(), (month + 1).First()
	for i := range placed {
		for s := range placed[i].Stretches {
			from, until := max(first, s.From), end
			if s.Until != 0 {
				until = min(end, s.Until)
			}
			if from < until && s.Standing != timeline.Suspended {
				in |= between(from-first, until-first)
			}
		}
	}
	return in
}
