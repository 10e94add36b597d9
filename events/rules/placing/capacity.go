package placing

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Development is what a post.developed says, as far as it decides which of several
// for one post holds.
type Development struct {
	From         civil.Date
	Until        civil.Date // first day no longer; 0 is open
	Division     division.Code
	Category     string
	Kind         string
	Area         string
	Seats        int
	Employer     string
	Fund         string
	Standard     int64 // fen
	RequiredDays int
	Agency       string // that answers for the post
}

// Compare orders the developments of one post; the first holds. They are compared field
// by field, in the order of the fields. The order means nothing but that the earliest
// beginning holds: it is total, and known from the events alone. Two that are equal
// say the same.
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

// A Capacity is how many seats a post has on which day. The zero Capacity is that of
// a post which was never developed.
type Capacity struct {
	End   civil.Date // first day that the post is no more; 0 is open
	Steps []Step     // ascending, one a day, from the first day of the post on; those from End on are without effect
}

// CapacityOf returns the capacity of a post that begins with a number of seats, is
// resized by the given steps, in any order, and ends on a day. It sorts resized, and
// keeps nothing of it.
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

// compareSteps puts the larger of two numbers for one day last, where it holds.
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

// AppendChanges appends the days on which the number of seats changes, ascending, with
// the number from then on. A post that ends has a last step to 0. A post that has no
// day has no steps.
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

// EarlierEnd returns the earlier of two ends, each the first day no longer. 0 is no end.
func EarlierEnd(a, b civil.Date) civil.Date {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
