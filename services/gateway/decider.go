package gateway

import (
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

// InPlace is the code of the [Decider]'s own refusal.
const InPlace events.Code = "in_place" // who is on a post, or is to be, cannot be erased

// A Decider decides the events of the gateway's own family by the placements: who
// may be erased, and whose identity an agency of a division may see. It accepts
// every other event of the family.
type Decider struct {
	placements *placement.State
	zone       *time.Location
}

// NewDecider returns a decider over placements. zone is the time zone of business
// dates.
func NewDecider(placements *placement.State, zone *time.Location) *Decider {
	return &Decider{placements, zone}
}

// Decide is [command.Decider.Decide].
func (d *Decider) Decide(e *events.Event) (*events.Event, events.Reasons) {
	var refused events.Reasons
	switch data := e.Data.(type) {
	case *events.PersonErased:
		refused = d.mayErase(e, data.Person)
	case *events.PersonRevealed:
		refused = d.mayReveal(e, data.Person)
	case *events.SubmissionsTallied:
		// What was counted is recorded as it is.
	default:
		refused = command.Undecided(e)
	}
	if refused != nil {
		return nil, refused
	}
	return e, nil
}

// mayErase refuses a person who is in place on the day of the event, or will be.
// The day is that of the attribute time. In other families nothing may depend on
// that attribute, because an agency sets it; here the engine does.
func (d *Decider) mayErase(e *events.Event, p events.Person) events.Reasons {
	day := civil.DateIn(e.Time, d.zone)
	for _, at := range d.placements.Placements(p) {
		if at.Exit == 0 {
			return events.Refusal(InPlace, "person", events.Say(
				"is on post %s: record the exit first, or withdraw the hire", "仍在岗位%s上：请先登记退出，或撤销上岗", at.Post))
		}
		if at.Exit > day {
			return events.Refusal(InPlace, "person", events.Say(
				"is on post %s until %s: ask again on that day", "在岗位%s上，至%s为止：请到那天再申请", at.Post, at.Exit))
		}
	}
	return nil
}

// mayReveal refuses a person who was never on a post while the post lay in the division of
// the event.
// An event without a division is for all divisions.
func (d *Decider) mayReveal(e *events.Event, p events.Person) events.Reasons {
	if e.Division == "" {
		return nil
	}
	for _, at := range d.placements.Placements(p) {
		if post, ok := d.placements.Post(at.Post); ok && post.Lies(string(e.Division), at.From, at.Exit) {
			return nil
		}
	}
	return events.Refusal(admission.NotEntitled, "person", events.Say(
		"was never on a post in the divisions that this agency answers for", "从未在本单位管辖的行政区划内上岗"))
}
