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

// A Post is what is known of a post.
type Post struct {
	Division     division.Code
	Category     string
	Area         string
	Fund         string
	Standard     events.Fen // 0 is the pack's
	RequiredDays int        // 0 is the pack's
	From         civil.Date // first day
	End          civil.Date // first day no longer; 0 is open
	shape        shape
}

// Open says whether the post is there on a day.
func (p Post) Open(on civil.Date) bool { return placing.Holds(p.From, p.End, on) }

// Seats returns how many seats the post has on a day; they are numbered from 1.
func (p Post) Seats(on civil.Date) int { return p.shape.Seats(on) }

// Sized says whether a number of seats was said for that very day.
func (p Post) Sized(on civil.Date) bool {
	return slices.ContainsFunc(p.shape.Steps, func(t placing.Step) bool { return t.From == on })
}

// A post is a name, with what is known under it.
type post struct {
	name  string
	facts uint32 // the latest of the post itself
	hires uint32 // the latest hire on it
	shape shape
}

// A detail is what a post.developed says beside days and seats. Equal texts
// are kept once.
type detail struct {
	division       unique.Handle[division.Code]
	category, area unique.Handle[string]
	kind, employer unique.Handle[string] // for the order of developments alone
	fund           unique.Handle[string]
	standard       events.Fen
	requiredDays   uint8
}

// A shape is when a post has how many seats. It is not changed once made.
type shape struct {
	detail uint32     // of the post.developed that holds; 0 is an unknown post
	closed civil.Date // the first closing; 0 is none
	placing.Capacity
}

// post returns the number of a name, which is given one.
func (s *State) post(name string) uint32 {
	if n := s.named(name); n != 0 {
		return n
	}
	n := s.posts.Add(post{name: strings.Clone(name)})
	s.names.Add(n, s.nameHash)
	s.did(func() {
		s.names.Drop(n, s.nameHash)
		s.posts.Cut(int(n))
	})
	return n
}

// named returns the number of the post of a name, 0 when there is none.
func (s *State) named(name string) uint32 {
	return s.names.Find(hashName(name), func(n uint32) bool { return s.posts.At(n).name == name })
}

func (s *State) nameHash(n uint32) uint64 { return hashName(s.posts.At(n).name) }

var seed = maphash.MakeSeed()

func hashName(name string) uint64 { return maphash.String(seed, name) }

// detail keeps what is said of a post and returns its number.
func (s *State) detail(e *events.Event, d *events.PostDeveloped) uint32 {
	n := s.details.Add(detailOf(e, d))
	s.did(func() { s.details.Cut(int(n)) })
	return n
}

// detailOf reads what is said of a post. A division left out is that of the event.
func detailOf(e *events.Event, d *events.PostDeveloped) detail {
	at := d.Division
	if at == "" {
		at = e.Division
	}
	return detail{
		division: unique.Make(at), category: unique.Make(d.Category), area: unique.Make(d.Area), kind: unique.Make(d.Kind),
		employer: unique.Make(d.Employer), fund: unique.Make(d.Fund), standard: d.Standard, requiredDays: uint8(d.RequiredDays),
	}
}

// development returns what decides whether a fact holds that develops a post. The
// agency is left out: of two developments that differ in it alone the state keeps the
// same.
func (d *detail) development(f *fact) placing.Development {
	return placing.Development{
		From: f.day, Until: f.until, Division: d.division.Value(), Category: d.category.Value(), Kind: d.kind.Value(),
		Area: d.area.Value(), Seats: int(f.seats), Employer: d.employer.Value(), Fund: d.fund.Value(),
		Standard: int64(d.standard), RequiredDays: int(d.requiredDays),
	}
}

// shaped returns the shape that a post would have after a change.
func (s *State) shaped(n uint32, c change) shape {
	var h shape
	var first *fact
	var few [4]placing.Step
	resizes := few[:0]
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
		}
	}
	if first == nil {
		return shape{}
	}
	h.detail = first.of
	h.Capacity = placing.CapacityOf(placing.Step{From: first.day, Seats: int(first.seats)}, placing.EarlierEnd(first.until, h.closed), resizes)
	return h
}

// holds says whether of two developments of one post f holds, and not o.
func (s *State) holds(f, o *fact, c change) bool {
	of := func(f *fact) placing.Development {
		if f == c.new {
			return c.detail.development(f)
		}
		return s.details.At(f.of).development(f)
	}
	a, b := of(f), of(o)
	return a.Compare(&b) < 0
}

// reshape keeps the shape of a post ready.
func (s *State) reshape(n uint32) {
	old := s.posts.At(n).shape
	s.posts.At(n).shape = s.shaped(n, change{})
	s.did(func() { s.posts.At(n).shape = old })
}

// view returns what a shape says of a post.
func (s *State) view(h shape) (Post, bool) {
	if h.Steps == nil {
		return Post{}, false
	}
	d := s.details.At(h.detail)
	return Post{
		Division: d.division.Value(), Category: d.category.Value(), Area: d.area.Value(), Fund: d.fund.Value(),
		Standard: d.standard, RequiredDays: int(d.requiredDays), From: h.Steps[0].From, End: h.End, shape: h,
	}, true
}
