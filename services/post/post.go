// Package post decides what is said of posts: plans, posts developed, the
// number of their seats, and their closing.
//
// A post is named uniquely in the deployment. It lies in the event's division
// or under it, which is what the agency is entitled to. Its seats are numbered
// from 1; a seat may be taken away, by fewer seats, a closing, or a correction
// of either, from a day on from which nobody is on it. Of two numbers of seats
// for one day neither would be the later: the second is refused, unless it
// replaces the first. What comes after the end of a post is refused as well.
// A post whose development is withdrawn must have had nobody placed on it.
//
// Plans are taken as they are; the last for a division, year and area holds.
// No pack decides, and no policy version is set.
//
// The codes, beside those of the contract and of the desk:
//
//	unknown_post      the post is not in the books; also in record mode
//	division_outside  the post or plan lies outside the event's division; also in record mode
//	post_exists       the name is that of another post
//	post_not_open     the post begins later
//	post_closed       the post has ended by that day
//	size_exists       the number of seats from that very day on was said before
//	seats_occupied    somebody is on a seat that would be taken away
//
// In record mode contradictions are kept.
package post

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/placement"
)

// The codes of the service's refusals.
const (
	UnknownPost                 = placement.UnknownPost
	DivisionOutside             = placement.DivisionOutside
	PostExists      events.Code = "post_exists"
	PostNotOpen                 = placement.PostNotOpen
	PostClosed      events.Code = "post_closed"
	SizeExists      events.Code = "size_exists"
	SeatsOccupied               = placement.SeatsOccupied
)

// A Service decides the events of the family post.
type Service struct{ state *placement.State }

// New makes the service over the posts of the log.
func New(s *placement.State) *Service { return &Service{s} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	if s.state.Void(e) {
		return e, nil
	}
	var post placement.Post
	var refused events.Reasons
	switch d := e.Data.(type) {
	case *events.PlanSet:
		refused = within(e, d.Division)
	case *events.PostDeveloped:
		refused = within(e, d.Division)
	case *events.PostResized:
		post, refused = s.state.Find(e, d.Post)
	case *events.PostClosed:
		post, refused = s.state.Find(e, d.Post)
	}
	if refused == nil && e.Submode != events.ModeRecord {
		refused = append(s.judge(e, post), s.state.Contradictions(e)...)
	}
	if refused != nil {
		return nil, refused
	}
	return e, nil
}

// within refuses what lies outside the event's division.
func within(e *events.Event, d division.Code) events.Reasons {
	if d == "" || d.Under(string(e.Division)) {
		return nil
	}
	return events.Refuse(DivisionOutside, "data.division", "must be the event's division, or lie in it")
}

// judge refuses what the post, as it is without what e replaces, does not
// allow.
func (s *Service) judge(e *events.Event, p placement.Post) events.Reasons {
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		if _, taken := s.state.PostWithout(e, d.Post); taken {
			return events.Refuse(PostExists, "data.post", "is the name of another post; choose one of its own, or correct that post with replaces")
		}
	case *events.PostResized:
		if p.Sized(d.From) {
			return events.Refuse(SizeExists, "data.from", "is a day for which the number of seats was said before; correct that event with replaces")
		}
		return open(p, "data.from", d.From)
	case *events.PostClosed:
		return open(p, "data.on", d.On)
	}
	return nil
}

// open refuses to change a post on a day on which it is not there.
func open(p placement.Post, field string, on civil.Date) events.Reasons {
	switch {
	case on < p.From:
		return events.Refuse(PostNotOpen, field, fmt.Sprintf("lies before %s, when the post begins", p.From))
	case !p.Open(on):
		return events.Refuse(PostClosed, field, fmt.Sprintf("must lie before %s, when the post ends", p.End))
	}
	return nil
}
