// Package training takes what is said of training: which course a person
// completed, and when.
//
// There is nothing to refuse beyond the contract. Pre-service training comes
// before the hire, so that a person unknown to the placements is nothing
// unusual; whether the training that a policy pack asks for was had, and had
// in time, is a finding about the hire. A correction replaces what it names,
// and a withdrawal leaves nothing that could be broken. No pack decides, and
// no policy version is set.
//
// The codes are those of the contract and of the desk.
package training

import (
	"github.com/muster-works/muster/events"
)

// A Service decides the events of the family training.
type Service struct{}

// New makes the service.
func New() Service { return Service{} }

// Decide is [command.Decider.Decide].
func (Service) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }
