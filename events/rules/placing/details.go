package placing

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// Details are what holds of a post on a day, beside its seats. The title is left out: no
// decision and no figure depends on it.
type Details struct {
	Division     division.Code
	Category     string
	Kind         string
	Area         string
	Employer     string
	Fund         string
	Standard     int64 // allowance of a full month in fen; 0 is that of the policy pack
	RequiredDays int   // days of a full month; 0 are those of the policy pack
}

// A Change is what a post.changed says: from the day On on, those details hold that are
// not zero. The others stay as they were.
type Change struct {
	On civil.Date
	Details
}

// A Period is an interval of days on which the same details of a post hold: from From on,
// until the day on which the next period begins.
type Period struct {
	From civil.Date
	Details
}

// Periods are the details of a post over time, in ascending order. The first period begins
// on the first day of the post, and two periods in turn differ. The last one has no end, also
// if the post has one.
type Periods []Period

// AppendPeriods appends the periods of a post that was developed from a day on with some
// details, and changed by the given changes in any order. It sorts changes and does not
// retain it.
func AppendPeriods(to Periods, from civil.Date, developed Details, changes []Change) Periods {
	to = append(to, Period{from, developed})
	if len(changes) == 0 {
		return to
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.On, b.On) })
	first := len(to) - 1
	for i := 0; i < len(changes); {
		day := changes[i]
		for i++; i < len(changes) && changes[i].On == day.On; i++ {
			day.Details = larger(day.Details, changes[i].Details)
		}
		last := &to[len(to)-1]
		now := changed(last.Details, day.Details)
		switch begins := max(day.On, from); {
		case now == last.Details:
		case begins == to[first].From:
			last.Details = now
		default:
			to = append(to, Period{begins, now})
		}
	}
	return to
}

// larger returns the details that hold if two changes are from one day: of each the larger
// value. A change that leaves a detail out has its zero value, the smallest one.
func larger(a, b Details) Details {
	return Details{
		max(a.Division, b.Division), max(a.Category, b.Category), max(a.Kind, b.Kind), max(a.Area, b.Area),
		max(a.Employer, b.Employer), max(a.Fund, b.Fund), max(a.Standard, b.Standard), max(a.RequiredDays, b.RequiredDays),
	}
}

// changed returns what holds after a change of old details.
func changed(old, change Details) Details {
	return Details{
		cmp.Or(change.Division, old.Division), cmp.Or(change.Category, old.Category), cmp.Or(change.Kind, old.Kind),
		cmp.Or(change.Area, old.Area), cmp.Or(change.Employer, old.Employer), cmp.Or(change.Fund, old.Fund),
		cmp.Or(change.Standard, old.Standard), cmp.Or(change.RequiredDays, old.RequiredDays),
	}
}

// On returns the period in which a day lies. A day before the post begins counts as its first
// day. The Periods must not be empty.
func (p Periods) On(day civil.Date) *Period {
	i := len(p) - 1
	for i > 0 && p[i].From > day {
		i--
	}
	return &p[i]
}

// Until returns the day on which period i is over, and 0 for the last period.
func (p Periods) Until(i int) civil.Date {
	if i+1 < len(p) {
		return p[i+1].From
	}
	return 0
}

// Lies reports whether the post lies under a division prefix on a day in [from, until). If
// until is 0, the interval has no end. Days before the post begins count as its first day.
func (p Periods) Lies(prefix string, from, until civil.Date) bool {
	for i := range p {
		begins := p[i].From
		if i == 0 {
			begins = min(begins, from)
		}
		if Overlap(begins, p.Until(i), from, until) && p[i].Division.Under(prefix) {
			return true
		}
	}
	return false
}
