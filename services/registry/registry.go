// Package registry takes what other authorities' books say of people: death,
// pension, insurance, business, fiscal payroll, custody.
//
// There is nothing to refuse beyond the contract: the gateway has seen to it
// that the persons are known. A fact that does not fit the placements is what
// the comparison is for, and becomes a finding. A fact that was corrected or
// withdrawn counts no more. No pack decides, and no policy version is set.
//
// The codes are those of the contract and of the desk.
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
