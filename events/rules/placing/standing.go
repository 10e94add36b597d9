package placing

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A Suspension says that its holder does not work from a day on, until another day if
// Until is not 0.
type Suspension struct {
	Holder
	From, Until civil.Date
}

// A Resumption says that its holder works again from a day on.
type Resumption struct {
	Holder
	On civil.Date
}

// Suspended appends the days on which the person of a placement is suspended. Suspensions
// and resumptions of other holders are passed over.
func Suspended(to []Span, p *Placement, suspensions []Suspension, resumptions []Resumption) []Span {
	var few [4]Span
	own := few[:0]
	for i := range suspensions {
		if s := &suspensions[i]; s.Holder == p.Holder && p.Holds(s.From) {
			own = append(own, Span{s.From, s.Until})
		}
	}
	if len(own) == 0 {
		return to
	}
	var days [4]civil.Date
	resumed := days[:0]
	for i := range resumptions {
		if r := &resumptions[i]; r.Holder == p.Holder && p.Holds(r.On) {
			resumed = append(resumed, r.On)
		}
	}
	slices.Sort(resumed)
	for _, on := range resumed {
		resume(own, on)
	}
	for i := range own {
		own[i].Until = EarlierEnd(own[i].Until, p.Exit)
	}
	return append(to, Union(own)...)
}

// resume ends the suspensions that began before a day and have not ended by then. If there
// are none, it ends those that began on that very day.
func resume(suspensions []Span, on civil.Date) {
	none := true
	for i := range suspensions {
		if s := &suspensions[i]; s.From < on && s.Holds(on) {
			s.Until, none = on, false
		}
	}
	for i := range suspensions {
		if s := &suspensions[i]; none && s.From == on {
			s.Until = on
		}
	}
}

// Share returns the days on which two placements have one seat by right: one of the
// persons is suspended, and the hire of the other stands in. The spans are the days on
// which each of the two is suspended.
func Share(a, b *Placement, ofA, ofB []Span) []Span {
	var shared []Span
	if b.StandsIn {
		shared = Common(shared, Span{b.From, b.Exit}, ofA)
	}
	if a.StandsIn {
		shared = Common(shared, Span{a.From, a.Exit}, ofB)
	}
	return Union(shared)
}

// A GroupChange moves its holder to another group from a day on.
type GroupChange struct {
	Holder
	On    civil.Date
	Group string
}

// Groups appends the groups to which the person of a placement belongs, one after the
// other, each with its first day: first that of the hire. Of several changes of one day the
// last by name holds. Changes of other holders are passed over.
func Groups(to []GroupChange, p *Placement, hired string, changes []GroupChange) []GroupChange {
	first := len(to)
	to = append(to, GroupChange{p.Holder, p.From, hired})
	for i := range changes {
		if c := &changes[i]; c.Holder == p.Holder && p.Holds(c.On) {
			to = append(to, *c)
		}
	}
	own := to[first:]
	slices.SortStableFunc(own[1:], func(a, b GroupChange) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Group, b.Group))
	})
	kept := 0
	for _, c := range own[1:] {
		if own[kept].On != c.On {
			kept++
		}
		own[kept] = c
	}
	return to[:first+kept+1]
}

// sorted returns the spans by their first day. It sorts them in place.
func sorted(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return spans
}
