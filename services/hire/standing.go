package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

// inPlace returns the placement of a person on a post that holds on a day, as if the event
// that e replaces had never been recorded, and nil if there is none.
func (s *Service) inPlace(e *events.Event, p events.Person, post string, on civil.Date) *placement.Tenure {
	tenures := s.state.Tenures(e, p, post)
	for i := range tenures {
		if t := &tenures[i]; placing.Holds(t.From, t.Exit, on) {
			return t
		}
	}
	return nil
}

// notInPlace refuses an event about a person who is not on the post on the day in a field.
func notInPlace(field string) events.Reasons {
	return events.Refusal(NotInPlace, field, events.Say(
		"is a day on which the person is not on this post; submit the hire first, or correct the post or the day",
		"这一天该人员不在这个岗位上；请先报送上岗，或更正岗位或日期"))
}

// suspend decides a suspension.
func (s *Service) suspend(e *events.Event, d *events.HireSuspended) (*events.Event, events.Reasons) {
	if _, refused := s.state.Find(e, d.Post); refused != nil {
		return nil, refused
	}
	if e.Submode == events.ModeRecord {
		return e, nil
	}
	t := s.inPlace(e, d.Person, d.Post, d.From)
	if t == nil {
		return nil, notInPlace("data.from")
	}
	for _, other := range t.Suspended {
		if placing.Overlap(other.From, other.Until, d.From, d.Until) {
			return nil, events.Refusal(AlreadySuspended, "data.from", events.Say(
				"the person is suspended from %s on%s; correct that suspension with replaces, or record the resumption first",
				"该人员自%s起已停岗%s；请用replaces更正该停岗，或先登记复岗", other.From, untilDay(other.Until)))
		}
	}
	if refused := s.state.Contradictions(e); refused != nil {
		return nil, refused
	}
	return e, nil
}

// untilDay returns the end of a sentence that names the end of a suspension, if it has one.
func untilDay(until civil.Date) events.Sentence {
	if until == 0 {
		return events.Sentence{}
	}
	return events.Say(" until %s", "，至%s为止", until)
}

// resume decides a resumption.
func (s *Service) resume(e *events.Event, d *events.HireResumed) (*events.Event, events.Reasons) {
	if _, refused := s.state.Find(e, d.Post); refused != nil {
		return nil, refused
	}
	if e.Submode == events.ModeRecord {
		return e, nil
	}
	t := s.inPlace(e, d.Person, d.Post, d.On)
	if t == nil {
		return nil, notInPlace("data.on")
	}
	lasting, suspended := t.SuspendedOn(d.On)
	if !suspended {
		return nil, notSuspended(t, d.On)
	}
	if n := s.state.ResumedOn(e, d.Person, d.Post, lasting.Until); n != 0 && lasting.Until != 0 {
		return nil, events.Refusal(AlreadyResumed, "data.on", events.Say(
			"the person's resumption on %s is in the books, %s; correct it with replaces",
			"账上已有该人员于%s复岗，%s；请用replaces更正", lasting.Until, command.Cite(n)))
	}
	if refused := s.state.Contradictions(e); refused != nil {
		return nil, refused
	}
	return e, nil
}

// notSuspended refuses a resumption of a person who works on the day on.
func notSuspended(t *placement.Tenure, on civil.Date) events.Reasons {
	for _, s := range t.Suspended {
		if s.Until == on {
			return events.Refusal(NotSuspended, "data.on", events.Say(
				"is the day on which the person works again already, by what is in the books; nothing is left to report",
				"账上该人员这一天本来就已复岗；无需再报"))
		}
	}
	return events.Refusal(NotSuspended, "data.on", events.Say(
		"is a day on which the person is not suspended; submit the suspension first, or correct the day",
		"这一天该人员没有停岗；请先报送停岗，或更正日期"))
}

// standIn returns the seat of a hire that stands in for somebody. It refuses the hire if that
// person is not suspended on the post on the on-duty day, or is on another seat. In record
// mode nothing is refused; the seat is 0 if the hire names none and the person is not on the
// post.
func (s *Service) standIn(e *events.Event, d *events.HirePlaced) (seat int, refused events.Reasons) {
	t := s.inPlace(e, d.StandingInFor, d.Post, d.From)
	seat = d.Seat
	if seat == 0 && t != nil {
		seat = t.Seat
	}
	if e.Submode == events.ModeRecord {
		return seat, nil
	}
	if t == nil {
		return max(seat, 1), events.Refusal(NotSuspended, "data.standing_in_for", events.Say(
			"is not on this post on the on-duty day; name the suspended person on whose seat the hire is",
			"该人员上岗当日不在这个岗位上；请填写被顶岗的停岗人员"))
	}
	if _, suspended := t.SuspendedOn(d.From); !suspended {
		refused = events.Refusal(NotSuspended, "data.standing_in_for", events.Say(
			"is not suspended on the on-duty day; submit hire.suspended first, or correct the day",
			"该人员上岗当日没有停岗；请先报送停岗，或更正日期"))
	}
	if seat != t.Seat {
		refused = append(refused, events.ReasonOf(OtherSeat, "data.seat", events.Say(
			"must be %d, the seat of the person that is stood in for; or leave it out", "须为%d，即被顶岗人员的名额；也可不填", t.Seat)))
	}
	return seat, refused
}
