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
// An exit that replaces another is decided in the books in which it stands in the place of the
// other. So the day and the code of every exit can be corrected, also if the person has come
// back since, as long as every other exit ends the placement that it ends now.
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
//	day_unknown        the day is estimated, which is for record mode
//	has_exit           another exit would end another placement than it does now
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
	AlreadyExited               = placement.AlreadyExited
	NoPolicy                    = placement.NoPolicy
	ExitCodeUnknown events.Code = "exit_code_unknown"
	ExitKind        events.Code = "exit_kind"
	SeatTaken                   = placement.SeatTaken
	PersonPlaced                = placement.PersonPlaced
	PostNotOpen                 = placement.PostNotOpen
	NoSuchSeat                  = placement.NoSuchSeat
	HasExit                     = placement.HasExit
	DayUnknown      events.Code = "day_unknown"
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
	idle := false // the exit ends no placement
	if ok {
		post, unknown := s.state.Find(e, d.Post)
		if unknown != nil {
			return nil, unknown
		}
		if e.Submode == events.ModeRecord {
			return e, nil
		}
		refused = s.checkPlacement(e)
		idle = refused != nil
		if d.Estimated != "" {
			refused = append(refused, events.ReasonOf(DayUnknown, "data.estimated", events.Say(
				"belongs to history that is recorded (submode record); give the day, and leave this out",
				"仅用于照实登记的历史（submode为record）；请填写准确日期，此项不填")))
		}
		version, unfit := s.checkCode(post, d)
		record.PolicyVersion, refused = version, append(refused, unfit...)
	}
	for _, r := range s.state.Contradictions(e) {
		if r.Code != AlreadyExited || !idle {
			refused = append(refused, r)
		}
	}
	if refused != nil {
		return nil, refused
	}
	return &record, nil
}

// checkPlacement refuses an exit that ends no placement.
func (s *Service) checkPlacement(e *events.Event) events.Reasons {
	ends, exit := s.state.Ends(e)
	switch d := e.Data.(*events.ExitRecorded); {
	case ends:
		return nil
	case exit.No == 0:
		return events.Refusal(NotInPlace, "data.on", events.Say(
			"the person was not on this post by that day; submit the hire first, or correct the post or the day",
			"到这一天为止该人员不在这个岗位上；请先报送上岗，或更正岗位或日期"))
	case exit.On == d.On:
		return events.Refusal(AlreadyExited, "data.on", events.Say(
			"is the same exit, %s; nothing is left to report, and what is wrong in it is corrected with replaces",
			"是同一次退出，已%s；无需再报，如有差错请用replaces更正", exit.Cite()))
	default:
		return events.Refusal(AlreadyExited, "data.on", events.Say(
			"the person's exit from this post on %s is in the books, %s; correct it with replaces",
			"账上已有该人员于%s退出此岗位，%s；请用replaces更正", exit.On, exit.Cite()))
	}
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
