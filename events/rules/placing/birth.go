package placing

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A Birth is what an identity number says of a person: the month of birth and the sex, F or M.
type Birth struct {
	Month civil.Month
	Sex   string
}

// An Identification says that a person has another identity number from the day On on. If it
// restates, the number before was never the person's, and the new one holds on the days
// before, too.
type Identification struct {
	Person   uint32 // the caller's number
	On       civil.Date
	Restates bool
	Birth
}

// Compare orders the identifications of a person by the day, those that restate last on it.
// Of two that are alike in this the content decides, so that the order in which events came
// does not matter.
func (n *Identification) Compare(o *Identification) int {
	return cmp.Or(cmp.Compare(n.On, o.On), compareBool(n.Restates, o.Restates), cmp.Compare(n.Month, o.Month), cmp.Compare(n.Sex, o.Sex))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// A BirthPeriod is what holds of a person from a day on.
type BirthPeriod struct {
	From civil.Date
	Birth
}

// Births appends what the identity numbers of the person of a placement say on the days of the
// placement, one after the other. hired is what the hire says. The last identification that
// restates takes the place of the hire and of all identifications before it. Those of other
// persons are passed over. Births sorts all.
func Births(to []BirthPeriod, p *Placement, hired Birth, all []Identification) []BirthPeriod {
	first := len(to)
	to = append(to, BirthPeriod{p.From, hired})
	slices.SortFunc(all, func(a, b Identification) int { return a.Compare(&b) })
	for i := range all {
		switch n := &all[i]; {
		case n.Person != p.Person:
		case n.Restates:
			to = append(to[:first], BirthPeriod{p.From, n.Birth})
		case n.On <= to[len(to)-1].From:
			to[len(to)-1].Birth = n.Birth
		case p.Holds(n.On) && n.Birth != to[len(to)-1].Birth:
			to = append(to, BirthPeriod{n.On, n.Birth})
		}
	}
	return to
}
