package placement

import (
	"hash/maphash"
	"slices"
	"strings"
	"unique"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Post is a post as the standing events describe it. Its details may differ from day to day:
// the fields Division, Category, Area, Fund, Standard and RequiredDays are those of one day,
// and On returns those of another. Money is in fen.
type Post struct {
	Division     division.Code
	Category     string
	Area         string
	Fund         string
	Standard     events.Fen // a month; 0 is that of the policy pack
	RequiredDays int        // a month; 0 is that of the policy pack
	From         civil.Date // first day
	End          civil.Date // first day after the end; 0 is no end
	shape        shape
}

// On returns the post with the details that hold on a day. Those of a day before the post
// begins are those of its first day.
func (p Post) On(day civil.Date) Post {
	if len(p.shape.periods) > 0 {
		p.describe(p.shape.periods.On(day).Details)
	}
	return p
}

// describe sets the details.
func (p *Post) describe(d placing.Details) {
	p.Division, p.Category, p.Area, p.Fund = d.Division, d.Category, d.Area, d.Fund
	p.Standard, p.RequiredDays = events.Fen(d.Standard), d.RequiredDays
}

// Lies reports whether the post lies under a division prefix on a day in [from, until). If
// until is 0, the interval has no end.
func (p Post) Lies(prefix string, from, until civil.Date) bool {
	if len(p.shape.periods) == 0 {
		return p.Division.Under(prefix)
	}
	return p.shape.periods.Lies(prefix, from, until)
}

// Open reports whether the post exists on a day.
func (p Post) Open(on civil.Date) bool { return placing.Holds(p.From, p.End, on) }

// Seats returns the number of seats on a day. Seats are numbered from 1.
func (p Post) Seats(on civil.Date) int { return p.shape.Seats(on) }

// Sized reports whether an event sets the number of seats from exactly that day on.
func (p Post) Sized(on civil.Date) bool {
	return slices.ContainsFunc(p.shape.Steps, func(t placing.Step) bool { return t.From == on })
}

// A post is the record of a post. It exists as soon as an event names the post.
type post struct {
	name  string
	facts uint32 // the latest fact of the post itself
	hires uint32 // the latest hire on it
	shape shape
}

// A detail is what a post.developed or a post.changed says beside days and seats. Equal strings
// are kept once, see package unique.
type detail struct {
	division       unique.Handle[division.Code]
	category, area unique.Handle[string]
	kind, employer unique.Handle[string] // needed only to decide which of several events holds
	fund           unique.Handle[string]
	standard       events.Fen
	requiredDays   uint8
	titled         bool // changed: the event gives the post a title
}

// A shape is what holds of a post over time: the number of its seats, and its details. A shape
// is never changed once it is made.
type shape struct {
	detail uint32     // of the post.developed that holds; 0 if there is none
	closed civil.Date // the day of the first closing; 0 if there is none
	placing.Capacity
	periods placing.Periods // empty if no change of the post stands: the detail then holds on all days
}

// post returns the number of the post with a name. If there is none, post adds it.
func (s *State) post(name string) uint32 {
	if n := s.named(name); n != 0 {
		return n
	}
	n := s.posts.Add(post{name: strings.Clone(name)})
	s.names.Add(n, s.nameHash)
	s.onRollback(func() {
		s.names.Drop(n, s.nameHash)
		s.posts.Cut(int(n))
	})
	return n
}

// named returns the number of the post with a name, or 0 if there is none.
func (s *State) named(name string) uint32 {
	return s.names.Find(hashName(name), func(n uint32) bool { return s.posts.At(n).name == name })
}

func (s *State) nameHash(n uint32) uint64 { return hashName(s.posts.At(n).name) }

var seed = maphash.MakeSeed()

func hashName(name string) uint64 { return maphash.String(seed, name) }

// detail adds the detail of a development and returns its number.
func (s *State) detail(d detail) uint32 {
	n := s.details.Add(d)
	s.onRollback(func() { s.details.Cut(int(n)) })
	return n
}

// detailOf returns the detail of a development. If the development names no division, the
// division of the event holds.
func detailOf(e *events.Event, d *events.PostDeveloped) *detail {
	at := d.Division
	if at == "" {
		at = e.Division
	}
	return &detail{
		division: unique.Make(at), category: unique.Make(d.Category), area: unique.Make(d.Area), kind: unique.Make(d.Kind),
		employer: unique.Make(d.Employer), fund: unique.Make(d.Fund), standard: d.Standard, requiredDays: uint8(d.RequiredDays),
	}
}

// changeOf returns the detail of a change. What the change leaves out is empty.
func changeOf(d *events.PostChanged) *detail {
	return &detail{
		division: unique.Make(d.Division), category: unique.Make(d.Category), area: unique.Make(d.Area), kind: unique.Make(d.Kind),
		employer: unique.Make(d.Employer), fund: unique.Make(d.Fund), standard: d.Standard, requiredDays: uint8(d.RequiredDays),
		titled: d.Title != "",
	}
}

// details returns a detail in the form of the rule.
func (d *detail) details() placing.Details {
	return placing.Details{
		Division: d.division.Value(), Category: d.category.Value(), Kind: d.kind.Value(), Area: d.area.Value(),
		Employer: d.employer.Value(), Fund: d.fund.Value(), Standard: int64(d.standard), RequiredDays: int(d.requiredDays),
	}
}

// development returns what decides which of several developments of a post holds. It leaves
// out the agency: if two developments differ in the agency alone, the state is the same with
// either.
func (d *detail) development(f *fact) placing.Development {
	return placing.Development{
		From: f.day, Until: f.until, Division: d.division.Value(), Category: d.category.Value(), Kind: d.kind.Value(),
		Area: d.area.Value(), Seats: int(f.seats), Employer: d.employer.Value(), Fund: d.fund.Value(),
		Standard: int64(d.standard), RequiredDays: int(d.requiredDays),
	}
}

// shaped returns the shape of a post as it would be after a change.
func (s *State) shaped(n uint32, c change) shape {
	var h shape
	var first *fact
	var few [4]placing.Step
	resizes := few[:0]
	var changes []placing.Change
	mine := func(f *fact) bool { return !f.kind.ofPerson() && f.post == n }
	for _, f := range s.standing(s.posts.At(n).facts, c, mine) {
		switch f.kind {
		case developed:
			if first == nil || s.holds(f, first, c) {
				first = f
			}
		case resized:
			resizes = append(resizes, placing.Step{From: f.day, Seats: int(f.seats)})
		case closed:
			h.closed = placing.EarlierEnd(h.closed, f.day)
		case changed:
			changes = append(changes, placing.Change{On: f.day, Details: s.said(f, c).details()})
		default: // the others need nothing here
		}
	}
	if first == nil {
		return shape{}
	}
	h.detail = first.of
	if len(changes) > 0 {
		h.periods = placing.AppendPeriods(nil, first.day, s.said(first, c).details(), changes)
	}
	h.Capacity = placing.CapacityOf(placing.Step{From: first.day, Seats: int(first.seats)}, placing.EarlierEnd(first.until, h.closed), resizes)
	return h
}

// holds reports whether f holds, and not o, if both develop one post.
func (s *State) holds(f, o *fact, c change) bool {
	a, b := s.said(f, c).development(f), s.said(o, c).development(o)
	return a.Compare(&b) < 0
}

// said returns the detail of a fact that develops or changes a post.
func (s *State) said(f *fact, c change) *detail {
	if f == c.new {
		return c.detail
	}
	return s.details.At(f.of)
}

// reshape computes the shape of a post anew and keeps it.
func (s *State) reshape(n uint32) {
	old := s.posts.At(n).shape
	s.posts.At(n).shape = s.shaped(n, change{})
	s.onRollback(func() { s.posts.At(n).shape = old })
}

// view returns the post of a shape with the details of its first day, and false if no
// development of the post stands.
func (s *State) view(h shape) (Post, bool) {
	if h.Steps == nil {
		return Post{}, false
	}
	p := Post{From: h.Steps[0].From, End: h.End, shape: h}
	p.describe(s.details.At(h.detail).details())
	return p.On(p.From), true
}
