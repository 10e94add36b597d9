// Package exit decides who leaves a post, when, and why.
//
// An exit ends a placement: the person must be in place on that post on that
// day, or be to begin on it, for who leaves on the on-duty day never started.
// Its code must be one of the pack in force where the post lies on that day,
// and of the kind that it has there; that pack's version is stamped on the
// record.
//
// An exit that is withdrawn, or replaced by a later one, puts the person back
// in place: nobody may be on the seat by then, the person on no other, and the
// post and the seat must still be there.
//
// The codes, beside those of the contract and of the desk:
//
//	unknown_post       the post is not in the books; also in record mode
//	division_outside   the post lies outside the event's division; also in record mode
//	not_in_place       the person was not on the post by that day
//	already_exited     the person left the post before, or an exit of a later day is in the books
//	no_policy          no pack is in force
//	exit_code_unknown  the pack has no such code
//	exit_kind          the code is of the other kind
//	seat_taken         somebody else is on the seat that the person would be on again
//	person_placed      the person is in place elsewhere by then
//	post_not_open      the post that the person would be on again has closed
//	no_such_seat       the seat that the person would be on again was taken away
//
// In record mode contradictions are kept, no pack decides, and an exit may
// come before its hire.
package exit

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// The codes of the service's refusals.
const (
	UnknownPost                 = placement.UnknownPost
	DivisionOutside             = placement.DivisionOutside
	NotInPlace                  = placement.NotInPlace
	AlreadyExited   events.Code = "already_exited"
	NoPolicy                    = placement.NoPolicy
	ExitCodeUnknown events.Code = "exit_code_unknown"
	ExitKind        events.Code = "exit_kind"
	SeatTaken                   = placement.SeatTaken
	PersonPlaced                = placement.PersonPlaced
	PostNotOpen                 = placement.PostNotOpen
	NoSuchSeat                  = placement.NoSuchSeat
)

// A Service decides the events of the family exit.
type Service struct {
	state *placement.State
	rules *rules.State
}

// New makes the service over the placements and the packs of the log.
func New(s *placement.State, r *rules.State) *Service { return &Service{s, r} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	d, ok := e.Data.(*events.ExitRecorded)
	if s.state.Void(e) || !ok && e.Submode == events.ModeRecord {
		return e, nil
	}
	record := *e
	var refused events.Reasons
	if ok {
		post, unknown := s.state.Find(e, d.Post)
		if unknown != nil {
			return nil, unknown
		}
		if e.Submode == events.ModeRecord {
			return e, nil
		}
		refused = s.leave(e, d)
		version, unfit := s.reason(post, d)
		record.PolicyVersion, refused = version, append(refused, unfit...)
	}
	if refused = append(refused, s.state.Contradictions(e)...); refused != nil {
		return nil, refused
	}
	return &record, nil
}

// leave looks for a placement that the exit ends. Exits of one day are one, so
// that a second one of that day would end nothing.
func (s *Service) leave(e *events.Event, d *events.ExitRecorded) events.Reasons {
	refused := events.Refuse(NotInPlace, "data.on", "the person was not on this post by that day; submit the hire first, or correct the post or the day")
	inPlace := false
	for _, p := range s.state.PlacementsWithout(e, d.Person) {
		if p.Post != d.Post || p.From > d.On {
			continue
		}
		if p.Exit == 0 {
			inPlace = true
			continue
		}
		refused = events.Refuse(AlreadyExited, "data.on", fmt.Sprintf("the person's exit from this post on %s is in the books; correct it with replaces", p.Exit))
		if p.Exit == d.On {
			return refused
		}
	}
	if inPlace {
		return nil
	}
	return refused
}

// reason holds the code against the pack in force.
func (s *Service) reason(post placement.Post, d *events.ExitRecorded) (version string, refused events.Reasons) {
	pack := s.rules.InForce(post.Division, d.On)
	if pack == nil {
		return "", events.Refuse(NoPolicy, "data.on", "no policy pack is in force where the post lies on that day; adopt one first")
	}
	code, ok := pack.ExitCode(d.Code)
	switch {
	case !ok:
		refused = events.Refuse(ExitCodeUnknown, "data.code", "is not among the exit codes of policy pack "+pack.Version)
	case code.Kind != d.Kind:
		refused = events.Refuse(ExitKind, "data.kind", "must be "+code.Kind+": that is what the code stands for in policy pack "+pack.Version)
	}
	return pack.Version, refused
}
