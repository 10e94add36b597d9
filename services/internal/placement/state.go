// Package placement folds the boundary that post, hire and exit share: which
// posts there are, and who sits on which seat from when until when.
//
// A [State] is a function of the set of its events: a fact that was replaced
// or withdrawn is left out, even when the correction came first, and hires and
// exits are paired by their dates and not by their order in the log. It takes
// whatever the log holds; two persons on one seat are for the services to
// prevent, and for findings to tell where a record-mode event said so.
package placement

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/desk"
)

// A Fact is the hash of the key of the event that a fact came by.
type Fact = [16]byte

// A State holds posts and placements. Whoever reads it holds the lock of its
// fold.
type State struct {
	desk.Journal
	posts   []*Post
	byName  map[string]int32
	persons map[events.Person][]int32 // posts that the person was ever put on
	voided  map[Fact]bool             // voids whose event has not come
}

// New returns an empty State.
func New() *State {
	return &State{byName: map[string]int32{}, persons: map[events.Person][]int32{}, voided: map[Fact]bool{}}
}

// Apply is [desk.State.Apply].
func (s *State) Apply(e *events.Event) {
	if k, ok := desk.Voids(e); ok {
		s.void(e, k.Hash())
	}
	fact := e.Key().Hash()
	if s.voided[fact] {
		s.unvoid(fact)
		return
	}
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		p, _ := s.change(d.Post)
		p.developed = append(p.developed, developed{fact, Attributes{
			Division: e.Division, Area: d.Area, Category: d.Category, From: d.From, Until: d.Until, Seats: d.Seats,
			Standard: d.Standard, RequiredDays: d.RequiredDays, Fund: d.Fund,
		}})
		if d.Division != "" {
			p.developed[len(p.developed)-1].Division = d.Division
		}
	case *events.PostResized:
		p, _ := s.change(d.Post)
		p.resized = append(p.resized, resized{fact, d.From, d.Seats})
	case *events.PostClosed:
		p, _ := s.change(d.Post)
		p.closed = append(p.closed, closed{fact, d.On})
	case *events.HirePlaced:
		p, i := s.change(d.Post)
		p.hires = append(p.hires, hired(fact, d))
		s.link(d.Person, i)
	case *events.HireRenewed:
		p, _ := s.change(d.Post)
		p.renewals = append(p.renewals, renewal{fact, d.Person, d.Until})
	case *events.ExitRecorded:
		p, i := s.change(d.Post)
		p.exits = append(p.exits, leaving{fact, d.Person, d.On})
		s.link(d.Person, i)
	}
}

// change returns the post with a name, made where it is not there, with what
// it was noted for undoing. Lists only grow or are replaced, so that the copy
// of their headers is enough.
func (s *State) change(name string) (*Post, int32) {
	i, ok := s.byName[name]
	if !ok {
		i = int32(len(s.posts))
		s.posts = append(s.posts, &Post{Name: name})
		s.byName[name] = i
		if s.Open() {
			s.Did(func() {
				delete(s.byName, name)
				s.posts = s.posts[:i]
			})
		}
		return s.posts[i], i
	}
	s.keep(s.posts[i])
	return s.posts[i], i
}

func (s *State) keep(p *Post) {
	if s.Open() {
		old := *p
		s.Did(func() { *p = old })
	}
}

func (s *State) link(p events.Person, post int32) {
	old := s.persons[p]
	if slices.Contains(old, post) {
		return
	}
	s.persons[p] = append(old[:len(old):len(old)], post)
	if s.Open() {
		s.Did(func() {
			if old == nil {
				delete(s.persons, p)
			} else {
				s.persons[p] = old
			}
		})
	}
}

// void leaves out the event with a key, now or when it comes. What replaces
// an event most often names the same post; a withdrawal names none, and all
// posts are looked through.
func (s *State) void(e *events.Event, fact Fact) {
	if i, ok := s.byName[postOf(e.Data)]; ok && s.drop(s.posts[i], fact) {
		return
	}
	for _, p := range s.posts {
		if s.drop(p, fact) {
			return
		}
	}
	if !s.voided[fact] {
		s.voided[fact] = true
		if s.Open() {
			s.Did(func() { delete(s.voided, fact) })
		}
	}
}

// unvoid forgets a void whose event has come.
func (s *State) unvoid(fact Fact) {
	delete(s.voided, fact)
	if s.Open() {
		s.Did(func() { s.voided[fact] = true })
	}
}

func (s *State) drop(p *Post, fact Fact) bool {
	if !p.holds(fact) {
		return false
	}
	s.keep(p)
	*p = p.Without(fact)
	return true
}

// postOf is the post that an event names.
func postOf(d events.Data) string {
	switch d := d.(type) {
	case *events.PostDeveloped:
		return d.Post
	case *events.PostResized:
		return d.Post
	case *events.PostClosed:
		return d.Post
	case *events.HirePlaced:
		return d.Post
	case *events.HireRenewed:
		return d.Post
	case *events.ExitRecorded:
		return d.Post
	}
	return ""
}

// Post returns a post that was developed, nil where there is none.
func (s *State) Post(name string) *Post {
	if i, ok := s.byName[name]; ok && len(s.posts[i].developed) > 0 {
		return s.posts[i]
	}
	return nil
}

// Find returns the post that holds a fact, nil where there is none.
func (s *State) Find(fact Fact) *Post {
	for _, p := range s.posts {
		if p.holds(fact) {
			return p
		}
	}
	return nil
}

// HasPost says whether a post was developed.
func (s *State) HasPost(name string) bool { return s.Post(name) != nil }

// Elsewhere calls yield with the stints of a person on posts other than one.
func (s *State) Elsewhere(person events.Person, except *Post, yield func(*Post, Stint)) {
	for _, i := range s.persons[person] {
		if p := s.posts[i]; p != except {
			for _, t := range p.Stints() {
				if t.Person == person {
					yield(p, t)
				}
			}
		}
	}
}

// PlacedOn says whether a person was in place on a post on a day.
func (s *State) PlacedOn(person events.Person, post string, on civil.Date) bool {
	return s.PlacedWithin(person, post, on, on+1)
}

// PlacedWithin says whether a person was in place on a post on any day of
// [from, until).
func (s *State) PlacedWithin(person events.Person, post string, from, until civil.Date) bool {
	i, ok := s.byName[post]
	if !ok {
		return false
	}
	for _, h := range s.posts[i].hires {
		if h.Person == person {
			return slices.ContainsFunc(s.posts[i].Stints(), func(t Stint) bool {
				return t.Person == person && t.Overlaps(from, until)
			})
		}
	}
	return false
}

// PlacedBefore says whether a person was put on any post before a day.
func (s *State) PlacedBefore(person events.Person, day civil.Date) bool {
	for _, i := range s.persons[person] {
		for _, h := range s.posts[i].hires {
			if h.Person == person && h.From < day {
				return true
			}
		}
	}
	return false
}
