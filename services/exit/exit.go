// Package exit decides exits: who leaves a post, on which day, and why.
//
// An exit ends a placement. The person must be in place on the post on the day before the
// exit, or the placement must begin on the day of the exit: then it has no day and never
// counts. The exit code must be one of the policy pack in force at the post on the day of
// the exit, and must have the kind that the event names. The version of that pack is
// stamped on the record.
//
// If an exit is withdrawn, or replaced by a later one, the person is back in place for some
// days. On these days nobody else may be on the seat, the person may be on no other seat,
// and the post and the seat must exist.
//
// The codes of refusals, beside those of the contract and of package command:
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
// In record mode only the refusals marked as such apply, no policy pack is consulted, and an
// exit may come before its hire.
//
// A Service reads its states while the handler holds the locks of their folds.
package exit

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// The codes of the refusals of this service. Those that other services share are
// declared in package placement.
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

// New makes the service. It reads the placements s and the policy packs r.
func New(s *placement.State, r *rules.State) *Service { return &Service{s, r} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	d, ok := e.Data.(*events.ExitRecorded)
	if !ok {
		if refused := command.Undecided(e); refused != nil {
			return nil, refused
		}
	}
	if s.state.Ineffective(e) || !ok && e.Submode == events.ModeRecord {
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
		refused = s.checkPlacement(e, d)
		version, unfit := s.checkCode(post, d)
		record.PolicyVersion, refused = version, append(refused, unfit...)
	}
	if refused = append(refused, s.state.Contradictions(e)...); refused != nil {
		return nil, refused
	}
	return &record, nil
}

// checkPlacement refuses an exit that ends no placement. Exits of one day are one exit, so a
// second exit of the same day ends nothing.
func (s *Service) checkPlacement(e *events.Event, d *events.ExitRecorded) events.Reasons {
	refused := events.Refusal(NotInPlace, "data.on", events.Say(
		"the person was not on this post by that day; submit the hire first, or correct the post or the day",
		"到这一天为止该人员不在这个岗位上；请先报送上岗，或更正岗位或日期"))
	inPlace := false
	for _, p := range s.state.PlacementsWithout(e, d.Person) {
		if p.Post != d.Post || p.From > d.On {
			continue
		}
		if p.Exit == 0 {
			inPlace = true
			continue
		}
		refused = events.Refusal(AlreadyExited, "data.on", events.Say(
			"the person's exit from this post on %s is in the books; correct it with replaces",
			"账上已有该人员于%s退出此岗位；请用replaces更正", p.Exit))
		if p.Exit == d.On {
			return refused
		}
	}
	if inPlace {
		return nil
	}
	return refused
}

// checkCode refuses an exit code that the pack in force does not have, or has with another
// kind. It returns the version of the pack.
func (s *Service) checkCode(post placement.Post, d *events.ExitRecorded) (version string, refused events.Reasons) {
	pack := s.rules.InForce(post.Division, d.On)
	if pack == nil {
		return "", events.Refusal(NoPolicy, "data.on", events.Say(
			"no policy pack is in force where the post lies on that day; adopt one first",
			"岗位所在地在这一天没有生效的政策包；请先启用政策包"))
	}
	code, ok := pack.ExitCode(d.Code)
	switch {
	case !ok:
		refused = events.Refusal(ExitCodeUnknown, "data.code", events.Say(
			"is not among the exit codes of policy pack %s", "不在政策包%s的退出代码中", pack.Version))
	case code.Kind != d.Kind:
		refused = events.Refusal(ExitKind, "data.kind", events.Say(
			"must be %s: that is what the code stands for in policy pack %s", "须为%s：这是该代码在政策包%s中的类别", code.Kind, pack.Version))
	}
	return pack.Version, refused
}
