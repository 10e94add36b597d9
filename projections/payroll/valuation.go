package payroll

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/policy"
)

// A valuation is what the days of a period count for.
type valuation struct {
	hundredths int64 // of a day
	disputed   int   // days about which reports of different rank differ
	stake      int64 // by how many hundredths of a day they differ
}

// value returns what the days of a period count for. Of reports that contradict each other
// about a day, that of the highest rank counts, and of reports of one rank the strongest mark.
func (d *days) value(p *period) (v valuation) {
	percents := percentsOf(p.pack)
	if len(d.others) == 0 {
		v.hundredths = percents.of(&d.first.marks, p.days)
		return v
	}
	ranked := d.ranked(p.pack)
	decided := daySet(0)
	for i := range ranked {
		c := &ranked[i]
		v.hundredths += percents.of(&c.marks, p.days&^decided)
		decided |= c.claimed()
	}
	v.disputed, v.stake = percents.disputed(ranked, p.days)
	return v
}

// rankedClaims are what the reports of one rank say. No day has two marks.
type rankedClaims struct {
	rank int
	claims
}

// ranked returns the claims by rank, from the highest on.
func (d *days) ranked(pack *policy.Pack) []rankedClaims {
	var few [4]rankedClaims
	all := few[:0]
	add := func(c *claims) {
		rank := pack.Attendance.Rank(c.by.Inspection(), c.by.Level())
		if i := slices.IndexFunc(all, func(r rankedClaims) bool { return r.rank == rank }); i >= 0 {
			all[i].join(c)
		} else {
			all = append(all, rankedClaims{rank, *c})
		}
	}
	add(&d.first)
	for i := range d.others {
		add(&d.others[i])
	}
	slices.SortFunc(all, func(a, b rankedClaims) int { return cmp.Compare(b.rank, a.rank) })
	return all
}

// join adds the claims of another authority. Of two marks of a day the stronger stays.
func (c *claims) join(o *claims) {
	stronger := daySet(0)
	for i := range c.marks {
		c.marks[i] = (c.marks[i] | o.marks[i]) &^ stronger
		stronger |= c.marks[i]
	}
}

// percents are what a day of each mark of claiming counts for, in hundredths.
type percents [len(claiming)]int64

func percentsOf(pack *policy.Pack) percents {
	a := &pack.Attendance
	return percents{100, int64(a.HalfDayPercent), int64(a.SubstitutePercent), int64(a.LeavePercent), 0}
}

// of returns what those of the marked days count for that lie in a set.
func (p *percents) of(marks *[len(claiming)]daySet, in daySet) (hundredths int64) {
	for i, days := range marks {
		hundredths += p[i] * int64((days & in).len())
	}
	return hundredths
}

// disputed returns on how many days of a set claims of different rank count for different
// amounts, and by how much the lowest and the highest of a day differ, in sum.
func (p *percents) disputed(ranked []rankedClaims, in daySet) (days int, stake int64) {
	for ; in != 0; in &= in - 1 {
		day := in & -in
		low, high := int64(100), int64(0)
		for i := range ranked {
			for mark, marked := range ranked[i].marks {
				if marked&day != 0 {
					low, high = min(low, p[mark]), max(high, p[mark])
				}
			}
		}
		if low < high {
			days, stake = days+1, stake+high-low
		}
	}
	return days, stake
}
