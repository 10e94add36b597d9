// Package training accepts events about training: which course a person completed, and on
// which day.
//
// The service refuses nothing beyond the contract. Pre-service training comes before the hire,
// so the person is usually not known to the placements yet. If a policy pack asks for training
// that a person did not complete in time, the projections make that a finding about the hire.
// Corrections and withdrawals are always accepted, since no rule depends on earlier training.
// No policy pack is consulted, and no policy version is stamped on the record.
//
// The only codes of refusals are those of the contract and of package command.
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
