// Package policy decides which policy packs are adopted.
//
// A pack enters the log whole, and its version is stamped on whatever is
// decided by it: so a version is given once, for ever, and stays taken after
// the pack was replaced or withdrawn. A changed pack comes under a new
// version; of two for the same jurisdiction and day the later one holds.
//
// A pack may be adopted for the past. What was decided stays decided, under
// the version stamped on it: nothing in the log is judged again. What is
// derived from the log (entitlements, deadlines, findings) is derived by the
// rules in force on the business date, so a pack that reaches into the past
// changes derived rows of that past; the projections then start a new
// generation beside the living one. The same holds for a withdrawal.
//
// The contract has checked the pack itself; what it cannot is whether the
// conditions of eligibility can be compiled, which is checked here. Its jurisdiction must lie within
// the division of the event, which is what the agency is entitled to: a county
// does not rule a province. An event without a division speaks for the whole
// deployment.
//
// The codes, beside those of the contract and of the desk:
//
//	version_exists        a pack of this version was adopted before; also in record mode
//	condition_invalid     a condition of eligibility cannot be compiled; also in record mode
//	jurisdiction_outside  the jurisdiction lies outside the event's division; also in record mode
package policy

import (
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/eligibility"
)

// The codes of the service's refusals.
const (
	VersionExists       events.Code = "version_exists"
	JurisdictionOutside events.Code = "jurisdiction_outside"
	ConditionInvalid    events.Code = "condition_invalid"
)

// Versions is what the service asks of the packs in the log.
type Versions interface {
	// Adopted says whether a pack of a version was ever adopted.
	Adopted(version string) bool
}

// A Service decides the events of the family policy.
type Service struct{ versions Versions }

// New makes the service over the packs of the log.
func New(v Versions) *Service { return &Service{v} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	d, ok := e.Data.(*events.PolicyAdopted)
	if !ok {
		return e, nil // a withdrawal
	}
	var reasons events.Reasons
	if s.versions.Adopted(d.Version) {
		reasons = append(reasons, events.Reason{Code: VersionExists, Field: "data.version",
			Detail: "is that of a pack adopted before; give the changed pack a version of its own"})
	}
	if !strings.HasPrefix(d.Jurisdiction, division.Trim(string(e.Division))) {
		reasons = append(reasons, events.Reason{Code: JurisdictionOutside, Field: "data.jurisdiction",
			Detail: "must lie within the division of the event"})
	}
	reasons = append(reasons, checkConditions(&d.Pack)...)
	if reasons != nil {
		return nil, reasons
	}
	return e, nil
}

// conditions says which conditions of a pack cannot be compiled.
func checkConditions(p *policy.Pack) (reasons events.Reasons) {
	_, err := eligibility.Compile(p)
	for _, wrong := range policy.Errors(err) {
		reasons = append(reasons, events.Reason{Code: ConditionInvalid, Field: "data." + wrong.Field, Detail: wrong.Detail})
	}
	return reasons
}
