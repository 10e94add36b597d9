// Package admission says who a request comes from and what they may do: submit
// an event, ask a question, act as an operator. It knows no vault and writes
// nothing.
//
// [Auth] recognises agencies and readers by the access file. It turns an agency
// into a [Caller], with the rights that the file gives it. [Caller.Admit] holds
// one event to these rights, and [FindInClear] to the rule that an identity
// number may stand only where it will be sealed.
//
// What is refused for a whole request is a [problem.Problem]; what is refused
// for one event is [events.Reasons]. All functions are safe for concurrent use.
package admission

import (
	"cmp"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/access"
)

// The codes of refusals, beside those of the contract.
const (
	NotEntitled     events.Code = "not_entitled"      // division, source, family or a right (record, import, reveal, oversee, inspect) is not the agency's
	UnknownDivision events.Code = "unknown_division"  // the table has no such division on the business date
	IdentityInClear events.Code = "identity_in_clear" // an identity number outside the fields meant for it
)

// A Caller is an agency as it was authenticated, with its rights.
type Caller struct {
	Agency   string
	Prefix   string                 // of the divisions it answers for; "" for all
	Families map[events.Family]bool // it may submit to; nil for all
	Record   bool                   // may submit with submode=record
	Import   bool                   // may bring recorded times along, and erase people: an operator's right
	Reveal   bool                   // may learn who people are
	Oversee  bool                   // may correct what other agencies under its divisions said
	Inspect  bool                   // may report attendance as an inspector
	AuthType string                 // token, nkey, user, nats or loopback
	Quota    access.Quota           // what the access file lets it send; see [Door]
}

// AuthDivision returns what the attribute authdivision of the caller's events says: the
// prefix of the divisions that the caller answers for, or [division.Everywhere]. It is
// empty for a caller who was not authenticated by an access file.
func (c Caller) AuthDivision() string {
	if c.AuthType == Loopback {
		return ""
	}
	return cmp.Or(division.Trim(c.Prefix), division.Everywhere)
}

// Loopback is the AuthType of a caller on the machine of the deployment.
const Loopback = "loopback"

// Local returns the caller that a deployment without an access file takes
// everybody on its own machine for. It has every right, and may submit under any
// source.
func Local() Caller {
	return Caller{Agency: access.Local, Record: true, Import: true, Reveal: true, Oversee: true, Inspect: true, AuthType: Loopback}
}
