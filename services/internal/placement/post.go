package placement

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"unique"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
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
func (p Post) Open(on civil.Date) bool { return p.From <= on && (p.End == 0 || on < p.End) }

// Seats returns how many seats the post has on a day; they are numbered from 1.
func (p Post) Seats(on civil.Date) int { return p.shape.seats(on) }

// Sized says whether a number of seats was said for that very day.
func (p Post) Sized(on civil.Date) bool {
	return slices.ContainsFunc(p.shape.steps, func(t step) bool { return t.from == on })
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
	fund           unique.Handle[string]
	standard       events.Fen
	requiredDays   uint8
}

// A shape is when a post has how many seats. It is not changed once made.
type shape struct {
	detail uint32     // of the post.developed that holds; 0 is an unknown post
	closed civil.Date // the first closing; 0 is none
	end    civil.Date // the closing, or the end that was said before; 0 is open
	steps  []step     // ascending, one a day
}

type step struct {
	from  civil.Date
	seats uint16
}

func (h shape) seats(on civil.Date) int {
	if h.end != 0 && on >= h.end {
		return 0
	}
	n := 0
	for _, t := range h.steps {
		if t.from > on {
			break
		}
		n = int(t.seats)
	}
	return n
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

// detail keeps what is said of a post and returns its number. A division left
// out is that of the event.
func (s *State) detail(e *events.Event, d *events.PostDeveloped) uint32 {
	at := d.Division
	if at == "" {
		at = e.Division
	}
	n := s.details.Add(detail{
		unique.Make(at), unique.Make(d.Category), unique.Make(d.Area), unique.Make(d.Fund), d.Standard, uint8(d.RequiredDays),
	})
	s.did(func() { s.details.Cut(int(n)) })
	return n
}

// shaped returns the shape that a post would have after a change.
func (s *State) shaped(n uint32, c change) shape {
	var h shape
	var first *fact
	mine := func(f *fact) bool { return !f.kind.ofPerson() && f.post == n }
	for _, f := range s.standing(s.posts.At(n).facts, c, mine) {
		switch f.kind {
		case developed:
			first = f // the chain ends with the first of the log
		case closed:
			if h.closed == 0 || f.day < h.closed {
				h.closed = f.day
			}
		}
	}
	if first == nil {
		return shape{}
	}
	h.detail = first.of
	if h.end = first.until; h.closed != 0 && (h.end == 0 || h.closed < h.end) {
		h.end = h.closed
	}
	steps := []step{{first.day, first.seats}}
	for _, f := range s.standing(s.posts.At(n).facts, c, mine) {
		if f.kind == resized {
			steps = append(steps, step{max(f.day, first.day), f.seats}) // none is before the post
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.seats, a.seats)) })
	h.steps = slices.CompactFunc(steps, func(a, b step) bool { return a.from == b.from })
	return h
}

// reshape keeps the shape of a post ready.
func (s *State) reshape(n uint32) {
	old := s.posts.At(n).shape
	s.posts.At(n).shape = s.shaped(n, change{})
	s.did(func() { s.posts.At(n).shape = old })
}

// view returns what a shape says of a post.
func (s *State) view(h shape) (Post, bool) {
	if h.steps == nil {
		return Post{}, false
	}
	d := s.details.At(h.detail)
	return Post{
		Division: d.division.Value(), Category: d.category.Value(), Area: d.area.Value(), Fund: d.fund.Value(),
		Standard: d.standard, RequiredDays: int(d.requiredDays), From: h.steps[0].from, End: h.end, shape: h,
	}, true
}
