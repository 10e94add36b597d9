// Package hire decides who is placed where: one person one post, one seat one
// person, and all that the policy pack in force asks for.
//
// The hard rules look at the whole stint: from the on-duty day until the exit,
// or for ever while none is recorded. A seat that is left out is the lowest
// free one.
//
// The age is that on the on-duty day. The log holds the month of birth and not
// the day, so in the month of a birthday either age will do: the door has
// checked the identity number, and nobody is refused on their birthday.
//
// The codes, beside those of the contract and of the desk:
//
//	unknown_post       the post is not in the books; also in record mode
//	post_not_open      the post does not exist on the on-duty day
//	no_such_seat       the post has fewer seats from that day on
//	seat_taken         somebody has the seat on a day of the stint
//	no_free_seat       every seat is held
//	person_placed      the person is in place on a day of the stint
//	has_exit           the hire to replace or withdraw has an exit; withdraw that first
//	not_in_place       the person to renew is not in place on the post
//	no_policy          no pack is in force there on the on-duty day
//	group_unknown      the pack has no such group in the area
//	age_outside        the person is younger or older than the group
//	term_missing, term_too_long, term_not_longer
//	publicity_missing, publicity_short, publicity_late
//	agreement_missing, agreement_late
//	review_missing, review_late
//
// Pre-service training that is missing is no refusal but a finding. In record
// mode contradictions are kept, no pack in force is no refusal, and a seat left
// out where none is free is the first.
package hire

import (
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/desk"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
)

// The codes of the service's refusals.
const (
	UnknownPost      events.Code = "unknown_post"
	PostNotOpen      events.Code = "post_not_open"
	NoSuchSeat       events.Code = "no_such_seat"
	SeatTaken        events.Code = "seat_taken"
	NoFreeSeat       events.Code = "no_free_seat"
	PersonPlaced     events.Code = "person_placed"
	HasExit          events.Code = "has_exit"
	NotInPlace       events.Code = "not_in_place"
	NoPolicy         events.Code = "no_policy"
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
)

// A Service decides the events of the family hire.
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
	switch d := e.Data.(type) {
	case *events.HirePlaced:
		return s.place(e, d, voided)
	case *events.HireRenewed:
		return s.renew(e, d, voided)
	}
	return e, s.withdraw(e, voided)
}

func (s *Service) place(e *events.Event, d *events.HirePlaced, replaced placement.Fact) (*events.Event, events.Reasons) {
	p := s.state.Post(d.Post)
	if p == nil {
		return nil, unknown()
	}
	rest := p.Without(replaced)
	strict := e.Submode != events.Record
	data, record := *d, *e
	record.Data = &data
	reasons := s.seat(&data, &rest, strict)
	attributes := p.Attributes()
	if pack := s.rules.InForce(attributes.Division, d.From); pack != nil {
		record.PolicyVersion = pack.Version
		if strict {
			reasons = append(reasons, eligible(pack, attributes.Area, d)...)
		}
	} else if strict {
		reasons = append(reasons, noPolicy(d)...)
	}
	if strict && len(reasons) == 0 {
		reasons = s.stint(&record, &data, p, &rest, replaced)
	}
	if len(reasons) > 0 {
		return nil, reasons
	}
	return &record, nil
}

// seat checks the post on the on-duty day, and gives d a seat where it has
// none.
func (s *Service) seat(d *events.HirePlaced, p *placement.Post, strict bool) events.Reasons {
	if strict && !p.OpenOn(d.From) {
		return events.Refuse(PostNotOpen, "data.from", fmt.Sprintf("is %s, when the post does not exist", d.From))
	}
	seats := p.SeatsFrom(d.From)
	switch {
	case strict && d.Seat > seats:
		return events.Refuse(NoSuchSeat, "data.seat", fmt.Sprintf("is %d, and the post has %d seats from then on", d.Seat, seats))
	case d.Seat > 0:
		return nil
	}
	if d.Seat = p.FreeSeat(d.From, seats); d.Seat == 0 {
		if strict {
			return events.Refuse(NoFreeSeat, "data.post", fmt.Sprintf("has no free seat from %s on; record the exit first, or resize the post", d.From))
		}
		d.Seat = 1
	}
	return nil
}

// stint checks the hard rules on the post as it would be.
func (s *Service) stint(e *events.Event, d *events.HirePlaced, p, rest *placement.Post, replaced placement.Fact) events.Reasons {
	fact := e.Key().Hash()
	now := rest.WithHire(fact, d)
	t, _ := now.Stint(fact)
	if old, ok := p.Stint(replaced); ok && old.Exit != 0 && t.Ended != old.Ended {
		return events.Refuse(HasExit, "replaces", fmt.Sprintf("names a hire that ended on %s, which the new one would not; withdraw the exit first", old.Exit))
	}
	switch c, with := s.state.Clash(&now, t); c {
	case placement.SeatTaken:
		return events.Refuse(SeatTaken, "data.seat", fmt.Sprintf("is %d, which somebody holds on or after %s; record the exit first", d.Seat, d.From))
	case placement.PersonPlaced:
		return events.Refuse(PersonPlaced, "data.from", fmt.Sprintf("is %s, on or after which the person is in place on post %s; record the exit first", d.From, with.Name))
	}
	return nil
}

func (s *Service) renew(e *events.Event, d *events.HireRenewed, replaced placement.Fact) (*events.Event, events.Reasons) {
	p := s.state.Post(d.Post)
	if p == nil {
		return nil, unknown()
	}
	rest := p.Without(replaced)
	record := *e
	t, ok := rest.InPlace(d.Person)
	if !ok {
		if e.Submode == events.Record {
			return e, nil
		}
		return nil, events.Refuse(NotInPlace, "data.post", "is not where the person is in place")
	}
	attributes := p.Attributes()
	pack := s.rules.InForce(attributes.Division, t.From)
	if pack != nil {
		record.PolicyVersion = pack.Version
	}
	if e.Submode == events.Record {
		return &record, nil
	}
	if pack == nil {
		return nil, events.Refuse(NoPolicy, "data.post", "lies where no policy pack was in force on the on-duty day; adopt one")
	}
	if until := rest.Term(t); d.Until <= until {
		return nil, events.Refuse(TermNotLonger, "data.until", fmt.Sprintf("must lie after %s, when the term ends now", until))
	}
	if reasons := term(pack, t.From, d.Until, t.Birth, t.Female); reasons != nil {
		return nil, reasons
	}
	return &record, nil
}

func (s *Service) withdraw(e *events.Event, fact placement.Fact) events.Reasons {
	p := s.state.Find(fact)
	if p == nil || e.Submode == events.Record {
		return nil
	}
	if t, ok := p.Stint(fact); ok && t.Exit != 0 {
		return events.Refuse(HasExit, "data.id", fmt.Sprintf("names a hire that ended on %s; withdraw the exit first", t.Exit))
	}
	return nil
}

func unknown() events.Reasons {
	return events.Refuse(UnknownPost, "data.post", "is not the name of a post in the books; submit post.developed first")
}

func noPolicy(d *events.HirePlaced) events.Reasons {
	return events.Refuse(NoPolicy, "data.from", fmt.Sprintf("is %s, when no policy pack is in force there; adopt one", d.From))
}
