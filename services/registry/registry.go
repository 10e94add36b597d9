// Package registry accepts facts about people from the registers of other authorities: death,
// pension, insurance, business, fiscal payroll, custody.
//
// The service refuses nothing beyond the contract. The gateway has checked that the persons
// are known. A fact that does not fit the placements is accepted: the comparison is meant to
// find such facts, and makes them findings. A fact that was corrected or withdrawn no longer
// counts. No policy pack is consulted, and no policy version is stamped on the record.
//
// The only codes of refusals are those of the contract and of package command.
package registry

import (
	"github.com/muster-works/muster/events"
)

// A Service decides the events of the family registry.
type Service struct{}

// New makes the service.
func New() Service { return Service{} }

// Decide is [command.Decider.Decide].
func (Service) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }
