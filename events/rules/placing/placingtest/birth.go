package placingtest

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Birth returns the month of birth and the sex of the person of a placement on a day, by what
// a hire says and by the identifications that name the post. No event of b may be replaced or
// withdrawn.
func (b Book) Birth(p *Placement, hire *events.HirePlaced, on civil.Date) (month civil.Month, sex string) {
	var all []*events.PersonIdentified
	for _, e := range b {
		if d, ok := e.Data.(*events.PersonIdentified); ok && d.Person == p.Person && d.Renumbers() && slices.Contains(d.Posts, p.Post) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(x, y *events.PersonIdentified) int {
		mistyped := func(d *events.PersonIdentified) int {
			if d.Reason == events.Mistyped {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(x.On, y.On), cmp.Compare(mistyped(x), mistyped(y)), cmp.Compare(x.BirthMonth, y.BirthMonth), cmp.Compare(x.Sex, y.Sex))
	})
	since := -1 // the last that says what always held
	for i, d := range all {
		if d.Reason == events.Mistyped {
			since = i
		}
	}
	month, sex = hire.BirthMonth, hire.Sex
	for i, d := range all {
		if i == since || i > since && d.On <= on {
			month, sex = d.BirthMonth, d.Sex
		}
	}
	return month, sex
}
