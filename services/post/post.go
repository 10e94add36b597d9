// Package post decides what is said of posts: plans, posts developed, resized
// and closed.
//
// A post's name is unique in the deployment. A post never shrinks below the
// seats that somebody holds, and is not closed while somebody is in place.
//
// The codes, beside those of the contract and of the desk:
//
//	unknown_post    the post is not in the books; also in record mode
//	post_exists     a post of that name was developed before
//	post_closed     the post was closed
//	seats_occupied  somebody holds a seat that would be no more
//
// In record mode contradictions are kept.
package post

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/desk"
	"github.com/muster-works/muster/services/internal/placement"
)

// The codes of the service's refusals.
const (
	UnknownPost   events.Code = "unknown_post"
	PostExists    events.Code = "post_exists"
	PostClosed    events.Code = "post_closed"
	SeatsOccupied events.Code = "seats_occupied"
)

// A Service decides the events of the family post.
type Service struct{ state *placement.State }

// New makes the service over the placements.
func New(s *placement.State) *Service { return &Service{s} }

// Decide is [desk.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	var voided placement.Fact
	if k, ok := desk.Voids(e); ok {
		voided = k.Hash()
	}
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		return e, s.develop(e, d, voided)
	case *events.PostResized:
		return e, s.resize(e, d, voided)
	case *events.PostClosed:
		return e, s.close(e, d, voided)
	case *events.EventWithdrawn:
		return e, s.withdraw(e, d, voided)
	}
	return e, nil // a plan
}

func (s *Service) develop(e *events.Event, d *events.PostDeveloped, replaced placement.Fact) events.Reasons {
	p := s.state.Post(d.Post)
	if p == nil || e.Submode == events.Record {
		return nil
	}
	rest := p.Without(replaced)
	if !rest.Undeveloped() {
		return events.Refuse(PostExists, "data.post", "is the name of a post developed before; resize it, or choose another name")
	}
	now := rest.WithAttributes(placement.Attributes{From: d.From, Until: d.Until, Seats: d.Seats})
	if early := firstDay(p); early != 0 && early < d.From {
		return events.Refuse(SeatsOccupied, "data.from", fmt.Sprintf("lies after %s, when somebody was in place", early))
	}
	if d.Until != 0 && p.Held(d.Until) > 0 {
		return occupied("data.until", d.Until)
	}
	return tooFew(p, "data.seats", now.SeatsFrom(d.From), d.From)
}

// firstDay is the first day somebody was in place.
func firstDay(p *placement.Post) (first civil.Date) {
	for _, t := range p.Stints() {
		if first == 0 || t.From < first {
			first = t.From
		}
	}
	return first
}

func (s *Service) resize(e *events.Event, d *events.PostResized, replaced placement.Fact) events.Reasons {
	p := s.state.Post(d.Post)
	switch {
	case p == nil:
		return unknown()
	case e.Submode == events.Record:
		return nil
	}
	rest := p.Without(replaced)
	if rest.Closed() {
		return events.Refuse(PostClosed, "data.post", "was closed; nothing about it changes any more")
	}
	if d.From < p.Attributes().From {
		return events.Refuse(events.Invalid, "data.from", fmt.Sprintf("lies before %s, when the post begins", p.Attributes().From))
	}
	if reasons := tooFew(p, "data.seats", d.Seats, d.From); reasons != nil {
		return reasons
	}
	if replaced != (placement.Fact{}) {
		// What the replaced size allowed before d.From must still fit.
		return tooFew(p, "data.from", max(rest.SeatsFrom(p.Attributes().From), 0), p.Attributes().From)
	}
	return nil
}

func (s *Service) close(e *events.Event, d *events.PostClosed, replaced placement.Fact) events.Reasons {
	p := s.state.Post(d.Post)
	switch {
	case p == nil:
		return unknown()
	case e.Submode == events.Record:
		return nil
	}
	rest := p.Without(replaced)
	switch {
	case rest.Closed():
		return events.Refuse(PostClosed, "data.post", "was closed before; correct that event with replaces")
	case d.On < p.Attributes().From:
		return events.Refuse(events.Invalid, "data.on", fmt.Sprintf("lies before %s, when the post begins", p.Attributes().From))
	case rest.Held(d.On) > 0:
		return occupied("data.on", d.On)
	}
	return nil
}

func (s *Service) withdraw(e *events.Event, d *events.EventWithdrawn, fact placement.Fact) events.Reasons {
	p := s.state.Find(fact)
	if p == nil || e.Submode == events.Record {
		return nil // a plan, or nothing that is in the books yet
	}
	rest := p.Without(fact)
	if rest.Undeveloped() && !p.Empty() {
		return events.Refuse(SeatsOccupied, "data.id", "is the post of people who were placed on it; withdraw their hires first")
	}
	if d.Of == events.PostResizedType {
		return tooFew(p, "data.id", rest.SeatsFrom(p.Attributes().From), p.Attributes().From)
	}
	return nil
}

// tooFew refuses seats that are fewer than are held from a day on.
func tooFew(p *placement.Post, field string, seats int, from civil.Date) events.Reasons {
	if held := p.Held(from); held > seats {
		return events.Refuse(SeatsOccupied, field, fmt.Sprintf("leaves %d seats, and somebody holds seat %d on or after %s; record the exit first", seats, held, from))
	}
	return nil
}

func occupied(field string, on civil.Date) events.Reasons {
	return events.Refuse(SeatsOccupied, field, fmt.Sprintf("is %s, and somebody is in place on or after it; record the exits first", on))
}

func unknown() events.Reasons {
	return events.Refuse(UnknownPost, "data.post", "is not the name of a post in the books; submit post.developed first")
}
