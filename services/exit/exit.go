// Package exit decides the end of placements.
//
// Only someone in place exits: on the day of the exit, the first day no longer
// in place, the person must hold a seat of the post since that day or before
// and have no exit yet. The reason is a code of the policy pack in force at
// the post on that day. A correction or withdrawal is refused when the longer
// stint would meet somebody who has taken the seat since, or the person's own
// next placement.
//
// The codes, beside those of the contract and of the desk:
//
//	unknown_post       the post is not in the books; also in record mode
//	not_in_place       the person holds no seat of the post on that day
//	already_exited     the exit of that placement is recorded already
//	no_policy          no pack is in force there on that day
//	exit_code_unknown  the pack has no such code
//	exit_kind          the code is of the other kind
//	seat_taken         somebody has the seat on days that would be the person's again
//	person_placed      the person is elsewhere on days that would be in place again
//
// In record mode contradictions are kept, and no pack in force is no refusal.
package exit

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/desk"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// The codes of the service's refusals.
const (
	UnknownPost     events.Code = "unknown_post"
	NotInPlace      events.Code = "not_in_place"
	AlreadyExited   events.Code = "already_exited"
	NoPolicy        events.Code = "no_policy"
	ExitCodeUnknown events.Code = "exit_code_unknown"
	ExitKind        events.Code = "exit_kind"
	SeatTaken       events.Code = "seat_taken"
	PersonPlaced    events.Code = "person_placed"
)

// A Service decides the events of the family exit.
type Service struct {
	state *placement.State
	rules *rules.State
}

// New makes the service over the placements and the packs.
func New(s *placement.State, r *rules.State) *Service { return &Service{s, r} }

// Decide is [desk.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	var voided placement.Fact
	if k, ok := desk.Voids(e); ok {
		voided = k.Hash()
	}
	d, ok := e.Data.(*events.ExitRecorded)
	if !ok {
		return e, s.withdraw(e, voided)
	}
	p := s.state.Post(d.Post)
	if p == nil {
		return nil, events.Refuse(UnknownPost, "data.post", "is not the name of a post in the books; submit post.developed first")
	}
	record := *e
	reasons := s.code(d, p, &record)
	if e.Submode == events.Record {
		return &record, nil
	}
	if reasons = append(s.place(e, d, p, voided), reasons...); len(reasons) > 0 {
		return nil, reasons
	}
	return &record, nil
}

// place checks that the exit ends a placement, and that what it leaves of
// others stands.
func (s *Service) place(e *events.Event, d *events.ExitRecorded, p *placement.Post, replaced placement.Fact) events.Reasons {
	fact := e.Key().Hash()
	rest := p.Without(replaced)
	now := rest.WithExit(fact, d.Person, d.On)
	ended, ok := now.Ended(fact)
	if before, had := rest.Ended(exitOn(&rest, d)); !ok && had {
		return events.Refuse(AlreadyExited, "data.on", fmt.Sprintf("comes second: the exit of that placement is recorded for %s; correct it with replaces", before.Exit))
	}
	if !ok {
		return events.Refuse(NotInPlace, "data.post", fmt.Sprintf("is not where the person was in place on %s", d.On))
	}
	// Another exit of the person may have lost its placement to this one.
	for _, t := range rest.Stints() {
		if u, _ := now.Stint(t.Fact); t.Ended != (placement.Fact{}) && t.Ended != u.Ended {
			return events.Refuse(AlreadyExited, "data.on", fmt.Sprintf("comes second: the exit of that placement is recorded for %s; correct it with replaces", t.Exit))
		}
	}
	reasons := clash(s.state, &now, ended, "data.on")
	if old, ok := p.Ended(replaced); ok && replaced != (placement.Fact{}) && old.Fact != ended.Fact {
		// It ends another placement than the one it replaces: that one goes on.
		if again, ok := now.Stint(old.Fact); ok {
			reasons = append(reasons, clash(s.state, &now, again, "replaces")...)
		}
	}
	return reasons
}

// exitOn returns the exit that already ends the placement that d is about.
func exitOn(p *placement.Post, d *events.ExitRecorded) (fact placement.Fact) {
	for _, t := range p.Stints() {
		if t.Person == d.Person && t.From <= d.On && t.Ended != (placement.Fact{}) {
			fact = t.Ended
		}
	}
	if fact == (placement.Fact{}) {
		fact = placement.Fact{1} // no event's: the zero fact is that of stints without an exit
	}
	return fact
}

func clash(s *placement.State, p *placement.Post, t placement.Stint, field string) events.Reasons {
	switch c, _ := s.Clash(p, t); c {
	case placement.SeatTaken:
		return events.Refuse(SeatTaken, field, "leaves the person in place on days on which somebody else has the seat")
	case placement.PersonPlaced:
		return events.Refuse(PersonPlaced, field, "leaves the person in place on days of another placement")
	}
	return nil
}

// code checks the reason against the pack in force.
func (s *Service) code(d *events.ExitRecorded, p *placement.Post, record *events.Event) events.Reasons {
	pack := s.rules.InForce(p.Attributes().Division, d.On)
	if pack == nil {
		return events.Refuse(NoPolicy, "data.on", fmt.Sprintf("is %s, when no policy pack is in force there; adopt one", d.On))
	}
	record.PolicyVersion = pack.Version
	switch c, ok := pack.ExitCode(d.Code); {
	case !ok:
		return events.Refuse(ExitCodeUnknown, "data.code", "is no exit code of the policy pack "+pack.Version)
	case c.Kind != d.Kind:
		return events.Refuse(ExitKind, "data.kind", "must be "+c.Kind+" for the code "+c.Code)
	}
	return nil
}

func (s *Service) withdraw(e *events.Event, fact placement.Fact) (reasons events.Reasons) {
	p := s.state.Find(fact)
	if p == nil || e.Submode == events.Record {
		return nil
	}
	ended, ok := p.Ended(fact)
	if !ok {
		return nil
	}
	rest := p.Without(fact)
	again, _ := rest.Stint(ended.Fact)
	return clash(s.state, &rest, again, "data.id")
}
