package payroll

import (
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// A personMonth is one month of one person on one post: in place for a part of it at
// least, or paid for it.
type personMonth struct {
	person   timeline.Number
	post     timeline.Number
	postName string
	terms    schedule // of the post
	history  []knownTerms
	month    civil.Month
	days     days
	payments []payment
}

// A splitter splits the timelines of persons into person-months.
type splitter struct {
	first, last civil.Month
	division    string                    // prefix of the divisions of the posts in a month
	posts       map[timeline.Number]*post // only these; nil is all posts, without name and terms
	yield       func(*personMonth)
}

// A post is what a person-month needs to know of a post.
type post struct {
	name    string
	terms   schedule
	history []knownTerms // of the terms, if they ever changed
}

// split yields the person-months of a person. A person-month is good until yield
// returns.
func (s *splitter) split(no timeline.Number, p *timeline.Person) {
	t := personTimeline{p.Placements(), p.Pay(), p.Attendance()}
	for month := s.first; month <= s.last; month++ {
		for _, on := range t.posts(month) {
			pm := personMonth{person: no, post: on, month: month}
			if s.posts != nil {
				at := s.posts[on]
				if at == nil {
					continue
				}
				pm.postName, pm.terms, pm.history = at.name, at.terms, at.history
				if !pm.division().Under(s.division) {
					continue
				}
			}
			pm.days, pm.payments = t.days(on, month), t.payments(on, month)
			s.yield(&pm)
		}
	}
}

// A personTimeline is what a payroll needs of a person.
type personTimeline struct {
	placements []timeline.Placement
	pay        []timeline.Pay
	sheets     []timeline.Sheet
}

// posts returns the posts on which the person was in place in a month, or for which the
// person was paid for that month, in ascending order.
func (t *personTimeline) posts(month civil.Month) (all []timeline.Number) {
	for i := range t.placements {
		if p := &t.placements[i]; holdsIn(p, month) {
			all = append(all, p.Post)
		}
	}
	for i := range t.pay {
		if l := &t.pay[i]; isPaidFor(l, month) {
			all = append(all, l.Post)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// days returns what the sheets of a month say of the days on which the person was in place
// on a post and not suspended.
func (t *personTimeline) days(post timeline.Number, month civil.Month) (d days) {
	var held []timeline.Placement
	for i := range t.placements {
		if p := &t.placements[i]; p.Post == post && holdsIn(p, month) {
			held = append(held, *p)
		}
	}
	in := workingDays(held, month)
	for i := range t.sheets {
		if s := &t.sheets[i]; s.Post == post && s.Month == month {
			d.add(s, in)
		}
	}
	return d
}

// payments returns what was paid for a month on a post.
func (t *personTimeline) payments(post timeline.Number, month civil.Month) []payment {
	var lines []timeline.Pay
	for i := range t.pay {
		if l := &t.pay[i]; l.Post == post && isPaidFor(l, month) {
			lines = append(lines, *l)
		}
	}
	return payments(lines)
}

// holdsIn reports whether a placement holds on a day of a month.
func holdsIn(p *timeline.Placement, month civil.Month) bool {
	return !p.Empty() && p.From < (month+1).First() && (p.Exit == 0 || p.Exit > month.First())
}

// isPaidFor reports whether a pay line is for a month, and was instructed.
func isPaidFor(l *timeline.Pay, month civil.Month) bool { return l.Month == month && l.Instructed != 0 }
