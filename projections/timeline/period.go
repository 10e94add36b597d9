package timeline

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Period is an interval of days on which the same attributes of a post hold: from Begins on,
// until the next period begins. From, Until, Seats and Agency are in all periods those of the
// development.
type Period struct {
	Begins civil.Date
	Attributes
}

// Periods are the attributes of a post over time, ascending. Two periods in turn differ. The
// first one begins with the post and holds on the days before it, too; the last one has no end.
// They are empty if the post was not developed.
type Periods []Period

// Periods returns the attributes of the post over time, see [placing.AppendPeriods]. They are
// worked out once, as Placements are.
func (p *Post) Periods() Periods {
	if p.periods == nil {
		if p.periods = p.appendPeriods(p.periodRoom[:0]); len(p.periods) > 0 {
			p.periodRoom = p.periods
		}
	}
	return p.periods
}

func (p *Post) appendPeriods(to Periods) Periods {
	a, developed := p.Attributes()
	switch {
	case !developed:
		return nil
	case len(p.changed) == 0:
		return append(to, Period{a.From, a})
	}
	changes := make([]placing.Change, len(p.changed))
	for i := range p.changed {
		changes[i] = p.changed[i].what
	}
	for _, at := range placing.AppendPeriods(nil, a.From, a.details(), changes) {
		to = append(to, Period{at.From, a.with(at.Details)})
	}
	return to
}

// details returns the attributes that a change may change.
func (a *Attributes) details() placing.Details {
	return placing.Details{
		Division: a.Division, Category: a.Category, Kind: a.Kind, Area: a.Area, Employer: a.Employer, Fund: a.Fund,
		Standard: int64(a.Standard), RequiredDays: a.RequiredDays,
	}
}

// with returns the attributes with other details.
func (a Attributes) with(d placing.Details) Attributes {
	a.Division, a.Category, a.Kind, a.Area, a.Employer, a.Fund = d.Division, d.Category, d.Kind, d.Area, d.Employer, d.Fund
	a.Standard, a.RequiredDays = events.Fen(d.Standard), d.RequiredDays
	return a
}

// On returns the attributes on a day, and false if there are none.
func (p Periods) On(day civil.Date) (a Attributes, ok bool) {
	for i := len(p) - 1; i >= 0; i-- {
		if i == 0 || p[i].Begins <= day {
			return p[i].Attributes, true
		}
	}
	return a, false
}

// During returns the days on which period i holds within [from, until), and false if there are
// none. An until of 0 is no end, of the interval and of the result.
func (p Periods) During(i int, from, until civil.Date) (first, end civil.Date, ok bool) {
	if i > 0 {
		from = max(from, p[i].Begins)
	}
	if i+1 < len(p) {
		until = placing.EarlierEnd(until, p[i+1].Begins)
	}
	return from, until, !placing.Empty(from, until)
}

// Lie reports whether the post lies under a division prefix on a day of [from, until). An until
// of 0 is no end.
func (p Periods) Lie(prefix string, from, until civil.Date) bool {
	for i := range p {
		if _, _, ok := p.During(i, from, until); ok && p[i].Division.Under(prefix) {
			return true
		}
	}
	return false
}

// Equal reports whether p and o are the same.
func (p Periods) Equal(o Periods) bool { return slices.Equal(p, o) }
