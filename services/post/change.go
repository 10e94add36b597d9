package post

import (
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
)

// judgeChange is judge of a change.
func (s *Service) judgeChange(e *events.Event, d *events.PostChanged) (refused, contradicts events.Reasons) {
	post, refused := s.state.Find(e, d.Post)
	if refused != nil && (refused[0].Code != DivisionOutside || d.Division == "" || !d.Division.Under(string(e.Division))) {
		return refused, nil
	}
	if refused = s.checkMove(e, "data.division"); refused != nil {
		return refused, nil
	}
	return nil, append(checkOpen(post, "data.on", d.On), s.checkChanged(e, d)...)
}

// checkMove refuses an event that changes where a post lies on a day, if the agency does not
// answer for the division that the post has that day, or for the one that it gets.
func (s *Service) checkMove(e *events.Event, field string) events.Reasons {
	if e.AuthDivision == "" {
		return nil
	}
	for _, d := range s.state.Moved(e) {
		if !command.Covers(e.AuthDivision, string(d)) {
			return events.Refusal(NotEntitled, field, events.Say(
				"moves the post from or to %s, which this agency does not answer for; an agency that answers for both divisions moves it",
				"将岗位划出或划入%s，不在本单位管辖范围内；须由同时管辖两地的单位报送", d))
		}
	}
	return nil
}

// checkChanged refuses a change of what another event changes from the same day.
func (s *Service) checkChanged(e *events.Event, d *events.PostChanged) events.Reasons {
	members, by := s.state.ChangedBefore(e, d)
	if members == nil {
		return nil
	}
	return events.Refusal(ChangeExists, "data.on", events.Say(
		"is a day from which another change of the post's %s is in the books, %s; correct that event with replaces",
		"账上已有自这一天起岗位%s的变更，%s；请用replaces更正该事件", named(members), command.Cite(by)))
}

// named returns the names of members of a change, for people.
func named(members []string) events.Sentence {
	labels := make([]string, len(members))
	for i, m := range members {
		labels[i] = memberLabels[m]
	}
	return events.Sentence{EN: strings.Join(members, ", "), ZH: strings.Join(labels, "、")}
}

// memberLabels name the members of a change in Chinese.
var memberLabels = map[string]string{
	"category": "类别", "kind": "岗位种类", "title": "岗位名称", "employer": "用人单位", "division": "行政区划", "area": "地区",
	"standard": "补贴标准", "required_days": "应出勤天数", "fund": "资金",
}
