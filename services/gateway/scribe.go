package gateway

import (
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/placement"
)

// InPlace is the code of the Scribe's own refusal.
const InPlace events.Code = "in_place" // who is on a post, or is to be, cannot be erased

// A Scribe decides the events of the family gateway, over the placements: who
// may be erased, and whom an agency may have revealed. All else that the
// gateway has to say is recorded as it is.
type Scribe struct {
	placed *placement.State
	zone   *time.Location
}

// NewScribe makes the decider. zone is where business dates are.
func NewScribe(placed *placement.State, zone *time.Location) *Scribe { return &Scribe{placed, zone} }

// Decide is [command.Decider.Decide].
func (s *Scribe) Decide(e *events.Event) (*events.Event, events.Reasons) {
	var refused events.Reasons
	switch d := e.Data.(type) {
	case *events.PersonErased:
		refused = s.erasable(e, d.Person)
	case *events.PersonRevealed:
		refused = s.revealable(e, d.Person)
	}
	if refused != nil {
		return nil, refused
	}
	return e, nil
}

// erasable refuses whoever is in place on the day of the event or will be. An
// event of this family is written by the engine, and so is its time: unlike
// those of agencies it may be relied on.
func (s *Scribe) erasable(e *events.Event, p events.Person) events.Reasons {
	day := civil.DateIn(e.Time, s.zone)
	for _, at := range s.placed.Placements(p) {
		if at.Exit == 0 {
			return events.Refuse(InPlace, "person", "is on post "+at.Post+": record the exit first, or withdraw the hire")
		}
		if at.Exit > day {
			return events.Refuse(InPlace, "person", "is on post "+at.Post+" until "+at.Exit.String()+": ask again on that day")
		}
	}
	return nil
}

// revealable refuses whoever was never on a post in the division that the
// event is for.
func (s *Scribe) revealable(e *events.Event, p events.Person) events.Reasons {
	if e.Division == "" {
		return nil
	}
	for _, at := range s.placed.Placements(p) {
		if post, ok := s.placed.Post(at.Post); ok && post.Division.Under(string(e.Division)) {
			return nil
		}
	}
	return events.Refuse(NotEntitled, "person", "was never on a post in the divisions that this agency answers for")
}

// wide is the code of the division with a prefix, "" for everywhere.
func wide(prefix string) division.Code {
	if prefix == "" {
		return ""
	}
	return division.Code(prefix + "000000000000"[len(prefix):])
}
