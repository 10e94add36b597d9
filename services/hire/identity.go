package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
)

const (
	// identityMonths is how long after the exit of a person the agency still says who the
	// person is.
	identityMonths = 12
	// maxCited is how many events a refusal names.
	maxCited = 5
)

// identify decides who a person is. The day, the posts of the person and, by the gateway, what
// the new number says are part of the record.
func (s *Service) identify(e *events.Event, d *events.PersonIdentified) (*events.Event, events.Reasons) {
	record, data := *e, *d
	record.Data = &data
	if data.On == 0 {
		data.On = e.DecidedOn
	}
	j := judgement{}
	s.checkAnswers(&j, e, &data)
	s.checkHolder(&j, d.HeldBy)
	if n := s.state.IdentifiedOn(e, &data); n != 0 && e.Submode != events.ModeRecord {
		j.refuse(ChangeExists, "data.on", events.Say(
			"is a day from which the person's number or name was said before, %s; correct that event with replaces",
			"自这一天起的号码或姓名以前已报过，%s；请用replaces更正该事件", command.Cite(n)))
	}
	if j.reasons != nil {
		return nil, j.reasons
	}
	data.Posts = s.state.PostsOf(d.Person)
	return &record, nil
}

// checkAnswers refuses an agency that answers for no post of the person: one that the person
// is on, comes to be on, or was on in the last twelve months. In record mode a post of any time
// will do, and a person who was on none is whoever the agency says.
func (s *Service) checkAnswers(j *judgement, e *events.Event, d *events.PersonIdentified) {
	today := e.DecidedOn
	if today == 0 {
		today = d.On
	}
	since := today.AddMonths(-identityMonths)
	if e.Submode == events.ModeRecord {
		since = 0
	}
	switch answers, placed := s.state.AnswersFor(e, d.Person, since); {
	case answers || !placed && e.Submode == events.ModeRecord:
	case placed:
		j.refuse(DivisionOutside, "division", events.Say(
			"is not where a post of the person lies; the agency in whose division the person is in place, or was in the last %d months, says who the person is",
			"不是该人员岗位所在的行政区划；身份信息由该人员现在（或近%d个月内）在岗的单位更正", identityMonths))
	default:
		j.refuse(NotInPlace, "data.person", events.Say(
			"is on no post, and was on none in the last %d months; submit the hire first", "该人员现在及近%d个月内都不在岗；请先报送上岗", identityMonths))
	}
}

// checkHolder refuses a number that leads to another person in the books of whom events stand.
// It names them: whoever is the same person has two histories, and one of them must be taken
// back first.
func (s *Service) checkHolder(j *judgement, holder events.Person) {
	if holder == (events.Person{}) {
		return
	}
	standing := s.state.StandingEvents(holder)
	if len(standing) == 0 {
		return
	}
	cited := command.Cite(standing[0])
	for _, n := range standing[1:min(len(standing), maxCited)] {
		cited = events.Say("%s; %s", "%s；%s", cited, command.Cite(n))
	}
	if more := len(standing) - maxCited; more > 0 {
		cited = events.Say("%s; and %d more", "%s；另有%d个事件", cited, more)
	}
	j.refuse(IdentityTaken, "data.identity.id_number", events.Say(
		"is the number of another person in the books, of whom these events stand: %s; if it is the same person, have them withdrawn and send this again, otherwise correct the number",
		"账上已有另一人使用该号码，其有效事件为：%s；如系同一人，请先撤销这些事件再报送，否则请更正号码", cited))
}
