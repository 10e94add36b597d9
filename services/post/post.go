// Package post decides the events about posts: plans, developments of posts, changes of the
// number of seats and of what else holds of a post, and closings.
//
// The name of a post is unique in the deployment. A post lies in the division of the event or
// below it, which is where the agency is entitled to report. The seats are numbered from 1. A
// seat can be taken away from a day on, by a smaller number, by a closing, or by a correction
// of either, if nobody is on it from that day on. Two numbers of seats from the same day would
// have no order, so the second is refused unless it replaces the first. Events about a post
// after its end are refused. The development of a post can be withdrawn only if nobody was
// placed on the post.
//
// # Changes
//
// What holds of a post from a day on, such as its standard or the division in which it lies,
// is said by post.changed. The day lies in the life of the post. Two changes of one member
// from the same day would have no order, so the second is refused unless it replaces the
// first. Who changes where a post lies on a day, by a change, by its correction or by its
// withdrawal, answers for both divisions: the one that the post had that day and the one that
// it gets. The event may name either of them as its division, or one above it.
//
// Events that are in the books stay as they were decided, under the division that the post had
// when they were: a change, and its withdrawal, restates figures and decides later events.
//
// Plans are accepted as they are; the last plan for a division, year and area holds. No policy
// pack is consulted, and no policy version is stamped on the record.
//
// The codes of refusals, beside those of the contract and of package command:
//
//	unknown_post      the post is not in the books; also in record mode
//	division_outside  the post or plan lies outside the event's division; also in record mode
//	post_exists       the name is that of another post
//	post_not_open     the post begins later
//	post_closed       the post has ended by that day
//	size_exists       the number of seats from that very day on was said before
//	change_exists     another change of the same member from that very day is in the books
//	not_entitled      the agency does not answer for both divisions; also in record mode
//	seats_occupied    somebody is on a seat that would be taken away
//
// In record mode only the refusals marked as such apply; contradictions are recorded.
//
// A Service reads its state while the handler holds the lock of the fold.
package post

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

// The codes of the refusals of this service. Those that other services share are
// declared in package placement.
const (
	UnknownPost                 = placement.UnknownPost
	DivisionOutside             = placement.DivisionOutside
	PostExists      events.Code = "post_exists"
	PostNotOpen                 = placement.PostNotOpen
	PostClosed      events.Code = "post_closed"
	SizeExists      events.Code = "size_exists"
	ChangeExists    events.Code = "change_exists"
	SeatsOccupied               = placement.SeatsOccupied
	NotEntitled                 = command.NotEntitled
)

// A Service decides the events of the family post.
type Service struct{ state *placement.State }

// New makes the service. It reads the posts of s.
func New(s *placement.State) *Service { return &Service{s} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	if s.state.Ineffective(e) {
		return e, nil
	}
	refused, contradicts := s.judge(e)
	if refused == nil && e.Submode != events.ModeRecord {
		refused = append(contradicts, s.state.Contradictions(e)...)
	}
	if refused != nil {
		return nil, refused
	}
	return e, nil
}

// judge returns why an event is refused in either mode, and why its post does not allow it,
// which is no reason in record mode. The second result means nothing if the first is not
// nil, since the post is then unknown.
func (s *Service) judge(e *events.Event) (refused, contradicts events.Reasons) {
	switch d := e.Data.(type) {
	case *events.PlanSet:
		return checkDivision(e, d.Division), nil
	case *events.PostDeveloped:
		return checkDivision(e, d.Division), s.checkName(e, d.Post)
	case *events.PostResized:
		post, refused := s.state.Find(e, d.Post)
		return refused, checkSize(post, d.From)
	case *events.PostClosed:
		post, refused := s.state.Find(e, d.Post)
		return refused, checkOpen(post, "data.on", d.On)
	case *events.PostChanged:
		return s.judgeChange(e, d)
	}
	return append(command.Undecided(e), s.checkMove(e, "data.id")...), nil
}

// checkDivision refuses a division that lies outside that of the event. An empty division
// stands for that of the event.
func checkDivision(e *events.Event, d division.Code) events.Reasons {
	if d == "" || d.Under(string(e.Division)) {
		return nil
	}
	return events.Refusal(DivisionOutside, "data.division", events.Say(
		"must be the event's division, or lie in it", "须为事件的行政区划，或在其之内"))
}

// checkName refuses a development whose name is that of another post.
func (s *Service) checkName(e *events.Event, name string) events.Reasons {
	if _, taken := s.state.PostWithout(e, name); taken {
		return events.Refusal(PostExists, "data.post", events.Say(
			"is the name of another post; choose one of its own, or correct that post with replaces",
			"已是另一岗位的编号；请另编一个，或用replaces更正该岗位"))
	}
	return nil
}

// checkSize refuses a number of seats from a day on that the post does not allow. p is the
// post as it would be without the event that this one replaces.
func checkSize(p placement.Post, from civil.Date) events.Reasons {
	if p.Sized(from) {
		return events.Refusal(SizeExists, "data.from", events.Say(
			"is a day for which the number of seats was said before; correct that event with replaces",
			"这一天的名额数以前已报过；请用replaces更正该事件"))
	}
	return checkOpen(p, "data.from", from)
}

// checkOpen refuses a change of a post on a day before it begins or after it has ended.
func checkOpen(p placement.Post, field string, on civil.Date) events.Reasons {
	switch {
	case on < p.From:
		return events.Refusal(PostNotOpen, field, events.Say("lies before %s, when the post begins", "早于岗位开始的日期%s", p.From))
	case !p.Open(on):
		return events.Refusal(PostClosed, field, events.Say("must lie before %s, when the post ends", "须早于岗位结束的日期%s", p.End))
	}
	return nil
}
