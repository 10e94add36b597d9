package hire

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
)

// change decides a change of group.
func (s *Service) change(e *events.Event, d *events.HireChanged) (*events.Event, events.Reasons) {
	post, refused := s.state.Find(e, d.Post)
	switch {
	case refused != nil:
		return nil, refused
	case e.Submode == events.ModeRecord:
		return e, nil
	}
	j := judgement{}
	if s.inPlace(e, d.Person, d.Post, d.On) == nil {
		j.reasons = notInPlace("data.on")
	}
	if n := s.state.ChangedOn(e, d.Person, d.Post, d.On); n != 0 {
		j.refuse(ChangeExists, "data.on", events.Say(
			"is a day from which the group was said before, %s; correct that event with replaces",
			"自这一天起的人员类别以前已报过，%s；请用replaces更正该事件", command.Cite(n)))
	}
	record := *e
	if pack := s.rules.InForce(post.Division, d.On); pack == nil {
		j.refuse(NoPolicy, "data.on", noPolicy)
	} else {
		record.PolicyVersion = pack.Version
		birth, female := s.state.Birth(d.Person)
		j.checkGroupAndAge(pack, post.Area, member{d.Group, sexOf(female), birth, d.On})
	}
	if j.reasons != nil {
		return nil, j.reasons
	}
	return &record, nil
}
