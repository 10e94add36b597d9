package placement

import (
	"cmp"
	"math"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Post is what the log says of one post.
type Post struct {
	Name      string
	developed []developed
	resized   []resized
	closed    []closed
	hires     []Hire
	exits     []leaving
	renewals  []renewal
}

// Attributes are what a post was developed with.
type Attributes struct {
	Division     division.Code
	Area         string
	Category     string
	From, Until  civil.Date // Until is the first day no longer, 0 where open
	Seats        int
	Standard     events.Fen
	RequiredDays int
	Fund         string
}

type developed struct {
	fact Fact
	Attributes
}

type resized struct {
	fact  Fact
	from  civil.Date
	seats int
}

type closed struct {
	fact Fact
	on   civil.Date
}

// A Hire is a person put on a seat.
type Hire struct {
	Fact   Fact
	Person events.Person
	Seat   int
	From   civil.Date
	Until  civil.Date // end of the agreed term, 0 where none
	Birth  civil.Month
	Female bool
}

func hired(fact Fact, d *events.HirePlaced) Hire {
	return Hire{fact, d.Person, d.Seat, d.From, d.Until, d.BirthMonth, d.Sex == "F"}
}

type leaving struct {
	fact   Fact
	person events.Person
	on     civil.Date
}

type renewal struct {
	fact   Fact
	person events.Person
	until  civil.Date
}

// Attributes returns what the post was developed with, the first time where it
// was said twice.
func (p *Post) Attributes() Attributes {
	if len(p.developed) == 0 {
		return Attributes{}
	}
	return p.developed[0].Attributes
}

// End returns the first day the post is no more, 0 where it is open.
func (p *Post) End() civil.Date {
	end := p.Attributes().Until
	for _, c := range p.closed {
		if end == 0 || c.on < end {
			end = c.on
		}
	}
	return end
}

// OpenOn says whether the post exists on a day.
func (p *Post) OpenOn(day civil.Date) bool {
	end := p.End()
	return p.Attributes().From <= day && (end == 0 || day < end)
}

// Closed says whether the post was closed.
func (p *Post) Closed() bool { return len(p.closed) > 0 }

// SeatsFrom returns the fewest seats that the post has on any day from day on.
// Of two sizes from one day the later said holds.
func (p *Post) SeatsFrom(day civil.Date) int {
	sizes := append([]resized{{seats: p.Attributes().Seats}}, p.resized...)
	slices.SortStableFunc(sizes, func(a, b resized) int { return cmp.Compare(a.from, b.from) })
	now, fewest := 0, math.MaxInt
	for i, s := range sizes {
		if i+1 < len(sizes) && sizes[i+1].from == s.from {
			continue
		}
		if s.from <= day {
			now = s.seats
		} else {
			fewest = min(fewest, s.seats)
		}
	}
	return min(now, fewest)
}

// holds says whether a fact is one of the post's.
func (p *Post) holds(fact Fact) bool {
	return slices.ContainsFunc(p.hires, func(h Hire) bool { return h.Fact == fact }) ||
		slices.ContainsFunc(p.exits, func(l leaving) bool { return l.fact == fact }) ||
		slices.ContainsFunc(p.renewals, func(r renewal) bool { return r.fact == fact }) ||
		slices.ContainsFunc(p.developed, func(d developed) bool { return d.fact == fact }) ||
		slices.ContainsFunc(p.resized, func(r resized) bool { return r.fact == fact }) ||
		slices.ContainsFunc(p.closed, func(c closed) bool { return c.fact == fact })
}

// Without returns the post as it would be without a fact.
func (p *Post) Without(fact Fact) Post {
	q := *p
	q.hires = without(p.hires, func(h Hire) bool { return h.Fact == fact })
	q.exits = without(p.exits, func(l leaving) bool { return l.fact == fact })
	q.renewals = without(p.renewals, func(r renewal) bool { return r.fact == fact })
	q.developed = without(p.developed, func(d developed) bool { return d.fact == fact })
	q.resized = without(p.resized, func(r resized) bool { return r.fact == fact })
	q.closed = without(p.closed, func(c closed) bool { return c.fact == fact })
	return q
}

// without returns list itself where drop finds nothing.
func without[T any](list []T, drop func(T) bool) []T {
	if !slices.ContainsFunc(list, drop) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// WithHire returns the post as it would be with a hire more.
func (p *Post) WithHire(fact Fact, d *events.HirePlaced) Post {
	q := *p
	q.hires = append(slices.Clip(p.hires), hired(fact, d))
	return q
}

// WithExit returns the post as it would be with an exit more.
func (p *Post) WithExit(fact Fact, person events.Person, on civil.Date) Post {
	q := *p
	q.exits = append(slices.Clip(p.exits), leaving{fact, person, on})
	return q
}

// WithAttributes returns the post as it would be, developed with other attributes.
func (p *Post) WithAttributes(a Attributes) Post {
	q := *p
	q.developed = []developed{{Attributes: a}}
	return q
}

// Undeveloped says whether nothing develops the post.
func (p *Post) Undeveloped() bool { return len(p.developed) == 0 }
