package placement

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// suspended returns the days on which the person of a placement would be suspended after a
// change. p.Person is a number of this state.
func (s *State) suspended(p *placing.Placement, c change) []placing.Span {
	var fewSuspensions [4]placing.Suspension
	var fewResumptions [4]placing.Resumption
	suspensions, resumptions := fewSuspensions[:0], fewResumptions[:0]
	for _, f := range s.standing(s.persons.At(p.Person).facts, c, ofPerson(p.Person)) {
		switch f.kind {
		case suspended:
			suspensions = append(suspensions, placing.Suspension{Holder: f.holder(), From: f.day, Until: f.until})
		case resumed:
			resumptions = append(resumptions, placing.Resumption{Holder: f.holder(), On: f.day})
		default: // the others need nothing here
		}
	}
	return placing.Suspended(nil, p, suspensions, resumptions)
}

// A Tenure is a placement with how the person is on the seat, as if the event that a decision
// is about, and the event that it replaces, had never been recorded.
type Tenure struct {
	Placement
	StandsIn  bool
	Suspended []placing.Span        // the days on which the person is suspended
	groups    []placing.GroupChange // in order; the first is that of the hire
}

// Group returns the group to which the person belongs on a day, and for later days the last.
func (t *Tenure) Group(on civil.Date) (group string) {
	for _, c := range t.groups {
		if c.On <= on || group == "" {
			group = c.Group
		}
	}
	return group
}

// SuspendedOn returns the suspension that holds on a day, and false if there is none.
func (t *Tenure) SuspendedOn(on civil.Date) (placing.Span, bool) {
	for _, s := range t.Suspended {
		if s.Holds(on) {
			return s, true
		}
	}
	return placing.Span{}, false
}

// Tenures returns the placements of a person on a post, ordered by on-duty day and seat, as
// if the event that e replaces or withdraws had never been recorded.
func (s *State) Tenures(e *events.Event, p events.Person, post string) (all []Tenure) {
	n, c, on := s.known(p), change{superseded: s.supersededFact(e)}, s.named(post)
	var changes []placing.GroupChange
	for _, f := range s.standing(s.persons.At(n).facts, c, ofPerson(n)) {
		if f.kind == regrouped {
			changes = append(changes, placing.GroupChange{Holder: f.holder(), On: f.day, Group: f.flags.group()})
		}
	}
	placements := s.paired(nil, n, c)
	s.renew(placements, n, c)
	for i := range placements {
		t := &placements[i]
		if t.Post != on || on == 0 || t.Repeated {
			continue
		}
		group := s.facts.At(t.Hire).flags.group()
		for _, again := range placements[i+1:] { // of hires that are one placement the first group by name holds
			if !again.Repeated || again.Post != on {
				break
			}
			group = min(group, s.facts.At(again.Hire).flags.group())
		}
		all = append(all, Tenure{
			Placement: Placement{post, int(t.Seat), t.From, t.Exit, t.Term}, StandsIn: t.StandsIn,
			Suspended: s.suspended(t, c), groups: placing.Groups(nil, t, group, changes),
		})
	}
	return all
}

// ResumedOn returns the number of an event, other than the one that e replaces, by which a
// person works again on a post from a day on, and 0 if there is none.
func (s *State) ResumedOn(e *events.Event, p events.Person, post string, on civil.Date) uint32 {
	return s.ofDay(e, p, post, resumed, on)
}

// ChangedOn is ResumedOn for a change of group.
func (s *State) ChangedOn(e *events.Event, p events.Person, post string, on civil.Date) uint32 {
	return s.ofDay(e, p, post, regrouped, on)
}

func (s *State) ofDay(e *events.Event, p events.Person, post string, k kind, on civil.Date) uint32 {
	c, at := change{superseded: s.supersededFact(e)}, s.named(post)
	for n, f := range s.standing(s.persons.At(s.known(p)).facts, c, nil) {
		if f.kind == k && f.post == at && f.day == on {
			return n
		}
	}
	return 0
}
