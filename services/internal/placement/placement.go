// Package placement is the fold of the boundary placement: posts with their
// seats, and people with their placements. Post, hire and exit decide by it,
// and attendance and payment consult it.
//
// # What the events add up to
//
// Every event is a fact, and what is known follows from the facts that stand:
// those neither replaced nor withdrawn, whichever came first. Package placing says
// what they add up to, whatever their order; the timelines of the projections are
// read by the same rule.
//
// The fold takes contradictions of submode=record as they are: a person on two
// posts, a seat with two people, an exit before its hire, a hire on a post that
// is no more.
//
// # Hard rules
//
// [State.Contradictions] says which hard rules an event would break: one
// person one post, one seat one person, no seat taken away while somebody is
// on it. What counts is what the event changes: a day on which it newly puts
// somebody in place, a seat that it newly takes away. A correction is judged
// as if what it replaces had never been, and a withdrawal by what remains. All
// other rules are the services' own.
//
// # Memory and concurrency
//
// Events, people and posts are dense numbers, in flat tables; nothing is kept a
// person but what events say. An event takes 32 bytes beside what it takes in
// the ledger, a person 24 and 7 in the index. The state is read and changed
// under the locks of the desk. Reading changes nothing, so readers may be
// many.
package placement

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/table"
)

// The codes of refusals that more than one of the services gives.
const (
	UnknownPost     events.Code = "unknown_post"     // the post is not in the books
	DivisionOutside events.Code = "division_outside" // the post lies outside the event's division
	PostNotOpen     events.Code = "post_not_open"    // the post is not there on that day
	NoSuchSeat      events.Code = "no_such_seat"     // the post has no seat of that number on that day
	PersonPlaced    events.Code = "person_placed"    // the person is in place elsewhere then
	SeatTaken       events.Code = "seat_taken"       // somebody else is on the seat then
	HasExit         events.Code = "has_exit"         // an exit ends the hire taken back, or the new hire on its first day
	SeatsOccupied   events.Code = "seats_occupied"   // somebody is on a seat that is taken away
	NotInPlace      events.Code = "not_in_place"     // the person is not on the post on that day
	NoPolicy        events.Code = "no_policy"        // no policy pack is in force
)

// A State is what the events of the boundary add up to.
type State struct {
	command.StateBase
	facts   table.List[fact] // by the number of the event
	persons table.List[person]
	people  table.Index // of persons, by pseudonym
	posts   table.List[post]
	names   table.Index // of posts, by name
	details table.List[detail]
}

// New makes the state of a log that holds nothing. Fact 0 is none, person 0
// nobody, post 0 none.
func New() *State {
	s := new(State)
	s.facts.Add(fact{})
	s.persons.Add(person{})
	s.posts.Add(post{})
	s.details.Add(detail{})
	return s
}

// Apply is [command.State.Apply].
func (s *State) Apply(e *events.Event, n command.IndexEntry) {
	s.void(n.Supersedes)
	f, who, where := said(e)
	if f.kind == voided || n.Ineffective {
		s.enter(fact{})
		return
	}
	f.post = s.post(where)
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		f.of = s.detail(e, d)
	case *events.HirePlaced:
		f.of = s.person(who)
		s.born(f.of, d)
	default:
		if f.kind.ofPerson() {
			f.of = s.person(who)
		}
	}
	s.follow(s.enter(f))
}

// Void says whether e was replaced or withdrawn before it came, and counts for
// nothing.
func (s *State) Void(e *events.Event) bool { return s.SupersededEarly(e.Key()) }

// void leaves a fact out.
func (s *State) void(n uint32) {
	if k := s.facts.At(n).kind; k != voided {
		s.facts.At(n).kind = voided
		s.did(func() { s.facts.At(n).kind = k })
		s.followAs(n, k)
	}
}

// follow lets what is kept ready follow a fact that is new.
func (s *State) follow(n uint32) { s.followAs(n, s.facts.At(n).kind) }

func (s *State) followAs(n uint32, k kind) {
	if k.ofPerson() {
		s.settle(s.facts.At(n).of)
	} else {
		s.reshape(s.facts.At(n).post)
	}
}

func (s *State) did(undo func()) {
	if s.Open() {
		s.Did(undo)
	}
}
