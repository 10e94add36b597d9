package placing

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A Holder is a person on a post, to whom a hire, an exit or a renewal refers. The
// caller chooses the numbers of persons and posts. Equal numbers mean the same person
// or post.
type Holder struct{ Post, Person uint32 }

// Compare orders holders by post and person.
func (h Holder) Compare(o Holder) int {
	if h.Post != o.Post {
		return cmp.Compare(h.Post, o.Post)
	}
	return cmp.Compare(h.Person, o.Person)
}

// A Placement is a hire together with the exit and the term that the rule gives it.
type Placement struct {
	Holder
	Seat     int32
	From     civil.Date // on-duty day
	Exit     civil.Date // first day on which the person is no longer in place; 0 is none
	Term     civil.Date // end of the agreed term; 0 is none
	Hire     uint32     // the caller's number of the hire
	EndedBy  uint32     // the caller's number of the exit; undefined while Exit is 0
	Repeated bool       // the hire repeats the one before it; both are one placement
	StandsIn bool       // the hire stands in for a suspended person
}

// Holds reports whether the person is in place on the day on.
func (p *Placement) Holds(on civil.Date) bool { return Holds(p.From, p.Exit, on) }

// Overlaps reports whether the placement has a day in [from, until). If until is 0,
// the interval has no end.
func (p *Placement) Overlaps(from, until civil.Date) bool {
	return Overlap(p.From, p.Exit, from, until)
}

// Holds reports whether the day on lies in [from, until). If until is 0, the interval
// has no end.
func Holds(from, until, on civil.Date) bool { return from <= on && (until == 0 || on < until) }

// Empty reports whether [from, until) has no day, such as a placement that ended on
// its on-duty day. If until is 0, the interval has no end.
func Empty(from, until civil.Date) bool { return until != 0 && until <= from }

// Overlap reports whether [from, until) and [from2, until2) have a day in common. An
// interval whose until is 0 has no end.
func Overlap(from, until, from2, until2 civil.Date) bool {
	first := max(from, from2)
	return (until == 0 || first < until) && (until2 == 0 || first < until2)
}

// An Exit ends placements of its holder. On is the first day on which the person is
// no longer in place.
type Exit struct {
	Holder
	On civil.Date
	No uint32 // the caller's number
}

// Pair pairs the hires with the exits that end them.
//
// Pair sorts the hires by holder, on-duty day, seat and number. Hires of one person
// on one seat from one day are one placement: the first gets the longest of their
// terms, and stands in if one of them does; the others are marked as repeated, and all get
// the exit. Pair sorts the
// exits by holder, day and number. Of several exits of one holder on one day, the
// first ends the placements.
//
// The fields Exit and Repeated of the hires must be zero. Pair does not retain the
// slices.
func Pair(hires []Placement, exits []Exit) {
	if len(hires) > 1 {
		slices.SortFunc(hires, compareHires)
		merge(hires)
	}
	if len(exits) > 1 {
		slices.SortFunc(exits, compareExits)
	}
	for i := range exits {
		x := &exits[i]
		if i > 0 && exits[i-1].Holder == x.Holder && exits[i-1].On == x.On {
			continue
		}
		own := of(hires, x.Holder)
		if !end(own, x, x.On-1) {
			end(own, x, x.On) // the placements that are left began on the day of the exit or later
		}
	}
}

// merge marks the hires that repeat another, and gives the first hire of each placement
// the longest of its terms. The placement stands in if one of its hires does.
func merge(sorted []Placement) {
	lead := 0
	for i := 1; i < len(sorted); i++ {
		p, first := &sorted[i], &sorted[lead]
		if p.Holder != first.Holder || p.From != first.From || p.Seat != first.Seat {
			lead = i
			continue
		}
		p.Repeated = true
		first.Term, first.StandsIn = max(first.Term, p.Term), first.StandsIn || p.StandsIn
	}
}

// end ends the placements that began on or before a day, and reports whether there
// were any.
func end(own []Placement, x *Exit, began civil.Date) (ended bool) {
	for i := range own {
		if p := &own[i]; p.Exit == 0 && p.From <= began {
			p.Exit, p.EndedBy, ended = x.On, x.No, true
		}
	}
	return ended
}

// A Renewal moves the term of one placement of its holder.
type Renewal struct {
	Holder
	Until civil.Date
}

// Renew moves the term of the placement to which a renewal refers. The placements
// must be sorted by Pair. Of hires that are one placement, the first gets the term.
func Renew(placements []Placement, r Renewal) {
	own := of(placements, r.Holder)
	for i := len(own) - 1; i >= 0; i-- {
		if p := &own[i]; p.From < r.Until && !p.Repeated {
			p.Term = max(p.Term, r.Until)
			return
		}
	}
}

// of returns the placements of a holder.
func of(sorted []Placement, h Holder) []Placement {
	lo, hi := 0, len(sorted)
	for lo < hi {
		if mid := (lo + hi) / 2; sorted[mid].Holder.Compare(h) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for hi < len(sorted) && sorted[hi].Holder == h {
		hi++
	}
	return sorted[lo:hi]
}

// The comparisons are written out field by field. Most end at the first or second
// field, and a rebuild of the read model makes millions of them.
func compareHires(a, b Placement) int {
	switch {
	case a.Holder != b.Holder:
		return a.Holder.Compare(b.Holder)
	case a.From != b.From:
		return cmp.Compare(a.From, b.From)
	case a.Seat != b.Seat:
		return cmp.Compare(a.Seat, b.Seat)
	}
	return cmp.Compare(a.Hire, b.Hire)
}

func compareExits(a, b Exit) int {
	if a.Holder != b.Holder {
		return a.Holder.Compare(b.Holder)
	}
	if a.On != b.On {
		return cmp.Compare(a.On, b.On)
	}
	return cmp.Compare(a.No, b.No)
}
