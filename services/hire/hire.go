// Package hire decides hires, renewals, changes of group, suspensions, resumptions and new
// identities: who is placed on which seat, from which day on, for how long, who works there, and
// who the person is.
//
// A person holds one seat and a seat holds one person, from the on-duty day until an exit. A
// hire that names no seat gets the lowest free one. All other rules come from the policy pack
// in force at the post on the on-duty day: groups and ages, term, publicity, agreement, and
// the conditions of package eligibility. The version of that pack is stamped on the record.
// The review of the documents must be on the on-duty day or before it. Pre-service training is
// not checked: its absence is a finding.
//
// # Ages
//
// The log holds the month of birth and not the day. So in the month of a birthday two ages are
// possible, and the rules use the one in the person's favour: a person who turns 45 in the
// month of the on-duty day counts as 45, and one who turns 65 in that month counts as 64.
// Retirement is on the last day of the month in which the person reaches the age.
//
// # Terms
//
// A term has at most the number of months that the pack allows. If on the on-duty day the
// person is no farther from retirement than the pack says, the term may last until retirement.
// A renewal is measured from the same on-duty day. The pack in force on the first day that
// the renewal adds decides it. A renewed term may not last beyond the month in which the
// person becomes too old for the group, or, if the pack does not have the group, for every group
// of the area. Conditions of the pack decide renewals if they say so.
//
// # Suspensions and stand-ins
//
// A suspended person is in place, keeps the seat and does not work. So a suspension must begin
// on a day on which the person is on the post, and no two suspensions of a placement have a day
// in common. A resumption must name a day on which the person is suspended.
//
// A hire may stand in for a suspended person: it takes the seat of that person, who must be
// suspended on the on-duty day. All other rules on hires hold for it. A seat has one person who
// works: nobody is resumed while the stand-in is there. If the suspension names its end, the
// agreed term of the stand-in must end by that day, and so must a renewed term. The exit of the
// stand-in and the resumption may be in one body, in this order. If the suspended person leaves,
// the stand-in keeps the seat.
//
// # Groups
//
// A change moves a person in place to another group from a day on. The pack in force on that day
// must have the group for the area of the post and for the age on that day. Renewals are decided
// by the group on the first day that they add.
//
// # Identities
//
// The agency in whose division a person is in place, or was in the last twelve months, says which
// number or name the person has. The gateway has found the person by the old number. If the new
// number leads to another person, the event is refused while events about that person stand: two
// histories are never made one. A day from which the number was said before is corrected with
// replaces.
//
// # Corrections
//
// A hire that replaces another is decided in the books in which it stands in the place of the
// other. If an exit ended the replaced hire, the exit must end the new one as well, and every
// other exit must end the placement that it ends now. A hire that names no seat stays on the
// seat of the replaced one if that is free. A hire cannot be withdrawn while an exit ends it,
// since the exit would then end nothing. A renewal can be withdrawn at any time, and corrected
// after the placement has ended.
//
// # Codes
//
// Beside those of the contract and of package command:
//
//	unknown_post       the post is not in the books; also in record mode
//	division_outside   the post lies outside the event's division; also in record mode
//	post_not_open      the post is not there on the on-duty day
//	no_such_seat       the post has no seat of that number on that day
//	seat_taken         somebody is on the seat, or comes to be later
//	no_free_seat       somebody is on every seat, or comes to be later
//	person_placed      the person is in place elsewhere, or comes to be later
//	no_policy          no pack is in force
//	group_unknown      the pack has no such group in the area of the post
//	age_outside        the age on the on-duty day, or on that of a change, is not one of the group, or becomes too high in the renewed term
//	(a pack's own)     a condition of the pack does not hold; the code is the condition's
//	term_missing       no end of the term is given
//	term_too_long      the term is longer than the pack allows
//	term_not_longer    the renewal ends no later than the term does already
//	publicity_missing  no publicity is given
//	publicity_short    it lasted fewer days than the pack asks for
//	publicity_late     it had not ended before the on-duty day
//	agreement_missing  no agreement is given
//	agreement_late     it was signed after the on-duty day
//	review_missing     no review is given
//	review_late        it was after the on-duty day
//	not_in_place       the person to renew, change, suspend or resume is not on the post
//	has_suspension     a suspension belongs to the hire that is taken back
//	not_suspended      the person to resume, or to stand in for, is not suspended on that day
//	already_suspended  the person is suspended on one of the days
//	already_resumed    a resumption of a later day is in the books
//	other_seat         the person that is stood in for is on another seat
//	change_exists      the group, the number or the name from that very day on was said before
//	identity_taken     the number is that of another person, of whom events stand; also in record mode
//	has_exit           an exit would be left over, would end another placement than it does now, or would end the hire on its first day
//
// In record mode only the refusals marked as such apply, and no policy pack is consulted. If
// no seat is free, a hire that names none gets the lowest of the seats with the fewest people
// on them; if the post has no seat on that day, it gets seat 1.
//
// A Service reads its states while the handler holds the locks of their folds.
package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/eligibility"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// The codes of the refusals of this service. Those that other services share are
// declared in package placement.
const (
	UnknownPost                  = placement.UnknownPost
	DivisionOutside              = placement.DivisionOutside
	PostNotOpen                  = placement.PostNotOpen
	NoSuchSeat                   = placement.NoSuchSeat
	SeatTaken                    = placement.SeatTaken
	NoFreeSeat       events.Code = "no_free_seat"
	PersonPlaced                 = placement.PersonPlaced
	NoPolicy                     = placement.NoPolicy
	GroupUnknown     events.Code = "group_unknown"
	AgeOutside       events.Code = "age_outside"
	TermMissing      events.Code = "term_missing"
	TermTooLong      events.Code = "term_too_long"
	TermNotLonger    events.Code = "term_not_longer"
	PublicityMissing events.Code = "publicity_missing"
	PublicityShort   events.Code = "publicity_short"
	PublicityLate    events.Code = "publicity_late"
	AgreementMissing events.Code = "agreement_missing"
	AgreementLate    events.Code = "agreement_late"
	ReviewMissing    events.Code = "review_missing"
	ReviewLate       events.Code = "review_late"
	NotInPlace                   = placement.NotInPlace
	HasExit                      = placement.HasExit
	HasSuspension                = placement.HasSuspension
	NotSuspended     events.Code = "not_suspended"
	AlreadySuspended events.Code = "already_suspended"
	AlreadyResumed   events.Code = "already_resumed"
	OtherSeat        events.Code = "other_seat"
	ChangeExists     events.Code = "change_exists"
	IdentityTaken    events.Code = "identity_taken"
)

// A Service decides the events of the family hire.
type Service struct {
	state *placement.State
	rules *rules.State
}

// New makes the service. It reads the placements s and the policy packs r.
func New(s *placement.State, r *rules.State) *Service { return &Service{s, r} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	if s.state.Ineffective(e) {
		return e, nil
	}
	switch d := e.Data.(type) {
	case *events.HirePlaced:
		return s.place(e, d)
	case *events.HireRenewed:
		return s.renew(e, d)
	case *events.HireChanged:
		return s.change(e, d)
	case *events.HireSuspended:
		return s.suspend(e, d)
	case *events.HireResumed:
		return s.resume(e, d)
	case *events.PersonIdentified:
		return s.identify(e, d)
	}
	if refused := command.Undecided(e); refused != nil {
		return nil, refused
	}
	if e.Submode == events.ModeRecord {
		return e, nil
	}
	if refused := s.state.Contradictions(e); refused != nil {
		return nil, refused
	}
	return e, nil
}

// place decides a hire.
func (s *Service) place(e *events.Event, d *events.HirePlaced) (*events.Event, events.Reasons) {
	post, refused := s.state.Find(e, d.Post)
	if refused != nil {
		return nil, refused
	}
	record, data := *e, *d
	record.Data = &data
	j := judgement{}
	seat, full := d.Seat, false
	if d.StandingInFor != (events.Person{}) {
		seat, j.reasons = s.standIn(e, d)
	}
	if seat == 0 {
		var free bool
		seat, free = s.state.FreeSeat(e, d)
		full = !free
	}
	data.Seat = max(seat, 1)
	if e.Submode == events.ModeRecord {
		return &record, nil
	}
	switch size := post.Seats(d.From); {
	case !post.Open(d.From):
		j.refuse(PostNotOpen, "data.from", events.Say(
			"is a day on which the post is not there: it begins later, or has ended", "这一天岗位尚未开始或已经结束"))
	case full:
		j.refuse(NoFreeSeat, "data.post", events.Say(
			"has %d seats, and all are taken or will be; record an exit first, or add seats",
			"有%d个名额，均已有人或将有人；请先登记退出，或增加名额", size))
	case seat > size:
		j.refuse(NoSuchSeat, "data.seat", events.Say(
			"must be from 1 to %d, the seats of the post on that day", "须在1至%d之间，即岗位当天的名额数", size))
	}
	for _, r := range s.state.Contradictions(&record) {
		if !full || r.Code != SeatTaken {
			j.reasons = append(j.reasons, r)
		}
	}
	if pack := s.rules.InForce(post.Division, d.From); pack == nil {
		j.refuse(NoPolicy, "data.from", noPolicy)
	} else {
		record.PolicyVersion = pack.Version
		j.checkDocuments(pack, d)
		j.checkGroupAndAge(pack, post.Area, member{d.Group, d.Sex, d.BirthMonth, d.From})
		j.reasons = append(j.reasons, s.rules.Eligibility(pack).Refuse(eligibility.Facts{
			Birth: d.BirthMonth, Sex: d.Sex, Group: d.Group, From: d.From, Until: d.Until,
			Area: post.Area, Category: post.Category, Division: post.Division, Seats: post.Seats(d.From),
			History: s.state.HistoryBefore(e, d.Person, d.From),
		})...)
		if d.Until == 0 {
			j.refuse(TermMissing, "data.until", events.Say("is required: the first day after the agreed term", "为必填项：约定期限结束后的第一天"))
		} else {
			j.checkTerm(pack, d.BirthMonth, d.Sex == "F", d.From, d.Until)
		}
	}
	if j.reasons != nil {
		return nil, j.reasons
	}
	return &record, nil
}

// renew decides a renewal.
func (s *Service) renew(e *events.Event, d *events.HireRenewed) (*events.Event, events.Reasons) {
	post, refused := s.state.Find(e, d.Post)
	switch {
	case refused != nil:
		return nil, refused
	case e.Submode == events.ModeRecord:
		return e, nil
	}
	var now *placement.Tenure
	tenures := s.state.Tenures(e, d.Person, d.Post)
	for i := range tenures {
		// A correction may be of a renewal of a placement that has ended since.
		if p := &tenures[i]; p.Exit == 0 || e.Replaces != "" && p.From < d.Until {
			now = p
		}
	}
	if now == nil {
		return nil, events.Refusal(NotInPlace, "data.post", events.Say(
			"is not where the person is in place; submit the hire first, or a new hire after an exit",
			"该人员不在这个岗位上；请先报送上岗，退出之后则重新报送上岗"))
	}
	j := judgement{}
	adds := max(now.From, now.Until) // the first day that the renewal adds
	if d.Until <= adds {
		j.refuse(TermNotLonger, "data.until", events.Say("must lie after %s, where the term ends already", "须晚于%s：期限本来就到那天为止", adds))
	}
	record := *e
	post = post.On(adds)
	if pack := s.rules.InForce(post.Division, adds); pack == nil {
		j.refuse(NoPolicy, "data.until", noPolicy)
	} else {
		record.PolicyVersion = pack.Version
		birth, female := s.state.Birth(d.Person)
		j.checkTerm(pack, birth, female, now.From, d.Until)
		j.checkRenewal(s.rules.Eligibility(pack), pack, s.renewalFacts(e, d, post, now, adds))
	}
	j.reasons = append(j.reasons, s.state.Contradictions(e)...)
	if j.reasons != nil {
		return nil, j.reasons
	}
	return &record, nil
}

var noPolicy = events.Say(
	"no policy pack is in force where the post lies on that day; adopt one first",
	"岗位所在地在这一天没有生效的政策包；请先启用政策包")
