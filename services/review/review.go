// Package review accepts the verdicts of people on findings.
//
// The service refuses nothing beyond the contract. The projections derive the findings, which
// are not in the log. So a verdict on a finding that no rule derives is accepted, and has no
// effect. Of several verdicts on one finding the last holds. No policy pack is consulted, and
// no policy version is stamped on the record.
//
// The only codes of refusals are those of the contract and of package command.
package review

import (
	"github.com/muster-works/muster/events"
)

// A Service decides the events of the family review.
type Service struct{}

// New makes the service.
func New() Service { return Service{} }

// Decide is [command.Decider.Decide].
func (Service) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }
