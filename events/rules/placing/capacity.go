package placing

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Development holds the members of a post.developed that decide which of several
// for one post holds.
type Development struct {
	From         civil.Date
	Until        civil.Date // first day on which the post no longer exists; 0 is open
	Division     division.Code
	Category     string
	Kind         string
	Area         string
	Seats        int
	Employer     string
	Fund         string
	Standard     int64 // allowance of a full month in fen
	RequiredDays int
	Agency       string // the agency that answers for the post
}

// Compare orders the developments of one post by their fields, in the order of the
// fields. The first development in this order holds. The order has no meaning beyond
// the first field, the earliest beginning. It only makes the choice unique, whatever
// the order of the events in the log: two developments that compare as equal say the
// same.
func (d *Development) Compare(o *Development) int {
	return cmp.Or(
		cmp.Compare(d.From, o.From), cmp.Compare(d.Until, o.Until), cmp.Compare(d.Division, o.Division),
		cmp.Compare(d.Category, o.Category), cmp.Compare(d.Kind, o.Kind), cmp.Compare(d.Area, o.Area),
		cmp.Compare(d.Seats, o.Seats), cmp.Compare(d.Employer, o.Employer), cmp.Compare(d.Fund, o.Fund),
		cmp.Compare(d.Standard, o.Standard), cmp.Compare(d.RequiredDays, o.RequiredDays), cmp.Compare(d.Agency, o.Agency),
	)
}

// A Step is the number of seats that a post has from a day on.
type Step struct {
	From  civil.Date
	Seats int
}

// A Capacity is the number of seats of a post on each day. The zero Capacity is that
// of a post that was never developed.
type Capacity struct {
	End   civil.Date // first day on which the post no longer exists; 0 is open
	Steps []Step     // ascending, at most one for each day, from the first day of the post on; steps from End on have no effect
}

// CapacityOf returns the capacity of a post that begins with the step first, is
// resized by the given steps in any order, and ends on the day end. It sorts resized
// and does not retain it.
func CapacityOf(first Step, end civil.Date, resized []Step) Capacity {
	slices.SortFunc(resized, compareSteps)
	steps := append(make([]Step, 0, 1+len(resized)), first)
	for _, s := range resized {
		s.From = max(s.From, first.From)
		if last := &steps[len(steps)-1]; last.From == s.From {
			*last = s
		} else {
			steps = append(steps, s)
		}
	}
	return Capacity{end, steps}
}

// compareSteps orders steps by day. Of two steps for one day it puts the larger
// number last, since the last step for a day holds.
func compareSteps(a, b Step) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Seats, b.Seats))
}

// Seats returns how many seats the post has on a day.
func (c *Capacity) Seats(on civil.Date) (seats int) {
	if c.End != 0 && on >= c.End {
		return 0
	}
	for _, s := range c.Steps {
		if s.From > on {
			break
		}
		seats = s.Seats
	}
	return seats
}

// AppendChanges appends the days on which the number of seats changes, in ascending
// order, with the number from that day on. The last step of a post that ends has 0
// seats. A post that exists on no day has no steps.
func (c *Capacity) AppendChanges(to []Step) []Step {
	last := -1
	for _, s := range c.Steps {
		if (c.End == 0 || s.From < c.End) && s.Seats != last {
			to, last = append(to, s), s.Seats
		}
	}
	if c.End != 0 && last > 0 {
		to = append(to, Step{From: c.End})
	}
	return to
}

// EarlierEnd returns the earlier of two ends. An end is the first day after an
// interval, and 0 means no end.
func EarlierEnd(a, b civil.Date) civil.Date {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
