// Package placement is the fold of the boundary placement: posts with their seats, and people
// with their placements. The services post, hire and exit decide on it; attendance and payment
// consult it.
//
// # The rule
//
// The fold keeps one fact for each event. A fact stands if its event was neither replaced nor
// withdrawn, whichever of the two events came first. Package placing derives posts, seats and
// placements from the facts that stand, whatever their order. The timelines of the projections
// use the same package.
//
// The fold accepts the contradictions of submode=record: a person on two posts, a seat with two
// people, an exit before its hire, a hire on a post that has closed.
//
// # Hard rules
//
// [State.Contradictions] returns the hard rules that an event would break: a person is on one
// seat at most, a seat has one person at most beside a suspended one, and no seat is taken away
// while somebody is on it. Only what the event changes counts: days on which it newly puts somebody in place, and
// seats that it newly takes away. A correction is decided in the books in which it stands in the
// place of the event that it replaces, and a withdrawal on the events that remain. In these books
// every other exit must end the placement that it ends now: what came later is not touched. All
// other rules are in the services.
//
// # Memory and concurrency
//
// Events, people and posts have consecutive numbers and lie in flat tables, see package table.
// An event takes 32 bytes, beside those in the idempotency index. A person takes 24 bytes, and 7
// in a hash table. A [State] is read and changed under the lock of its fold. Reading changes
// nothing, so there may be many readers.
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
	HasSuspension   events.Code = "has_suspension"   // a suspension belongs to the hire taken back
	SeatsOccupied   events.Code = "seats_occupied"   // somebody is on a seat that is taken away
	AlreadyExited   events.Code = "already_exited"   // the person left the post before, or an exit of a later day is in the books
	NotInPlace      events.Code = "not_in_place"     // the person is not on the post on that day
	NoPolicy        events.Code = "no_policy"        // no policy pack is in force
)

// A State is the result of the events of the boundary. It implements [command.State].
type State struct {
	command.StateBase
	facts   table.List[fact] // by the number of the event
	persons table.List[person]
	people  table.Index // of persons, by pseudonym
	posts   table.List[post]
	names   table.Index // of posts, by name
	details table.List[detail]
	codes   table.List[string] // exit codes
}

// New makes the state of an empty log. In each table number 0 stands for none.
func New() *State {
	s := new(State)
	s.facts.Add(fact{})
	s.persons.Add(person{})
	s.posts.Add(post{})
	s.details.Add(detail{})
	s.codes.Add("")
	return s
}

// Apply is [command.State.Apply].
func (s *State) Apply(e *events.Event, n command.IndexEntry) {
	s.supersede(n.Supersedes)
	said := stated(e)
	f := said.fact
	if f.kind == noFact || n.Ineffective {
		s.enter(fact{})
		return
	}
	if said.post != "" {
		f.post = s.post(said.post)
	}
	switch {
	case said.detail != nil:
		f.of = s.detail(*said.detail)
	case f.kind.ofPerson():
		f.of = s.person(said.person)
		s.born(f.of, said.born)
	}
	if f.kind == exited {
		f.seats = s.exitCode(said.code)
	}
	s.follow(s.enter(f))
}

// Ineffective reports whether e was replaced or withdrawn before it came. Such an event has no effect.
func (s *State) Ineffective(e *events.Event) bool { return s.SupersededEarly(e.Key()) }

// supersede marks a fact as superseded.
func (s *State) supersede(n uint32) {
	if k := s.facts.At(n).kind; k != noFact {
		s.facts.At(n).kind = noFact
		s.onRollback(func() { s.facts.At(n).kind = k })
		s.followAs(n, k)
	}
}

// follow updates what is derived from the facts, after fact n was added.
func (s *State) follow(n uint32) { s.followAs(n, s.facts.At(n).kind) }

// followAs updates what is derived from the facts, after fact n, of kind k, was added or
// marked as superseded.
func (s *State) followAs(n uint32, k kind) {
	if k.ofPerson() {
		s.settle(s.facts.At(n).of)
	} else {
		s.reshape(s.facts.At(n).post)
	}
}

// onRollback notes how to undo a change, if the journal is open.
func (s *State) onRollback(undo func()) {
	if s.Open() {
		s.Did(undo)
	}
}
