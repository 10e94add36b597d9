// Package policy decides the adoption of policy packs and the changes of the table of divisions.
//
// A pack is in the log as a whole, and its version is stamped on every event that it
// decides. So a version is used once, for ever, and stays taken even after the pack was
// replaced or withdrawn. A changed pack needs a new version. Of two packs for the same
// jurisdiction and day, the one adopted later holds.
//
// A pack may be in force from a day in the past. Decisions are not repeated: events in the
// log stay as they were decided, under the version stamped on them. What the projections
// derive from the log (entitlements, deadlines, findings) follows the pack in force on the
// business date. So a pack for the past, or its withdrawal, changes derived rows of that
// past, and the projections start a new generation beside the live one.
//
// The contract has checked the pack itself, apart from its conditions of eligibility: this
// service checks that they can be compiled. The jurisdiction of the pack must lie within the
// division of the event, for which the agency is entitled to report: a county cannot set the
// rules of a province. An event without a division may set the rules of the whole deployment.
//
// The codes of refusals, beside those of the contract and of package command:
//
//	version_exists        a pack of this version was adopted before; also in record mode
//	condition_invalid     a condition of eligibility cannot be compiled; also in record mode
//	jurisdiction_outside  the jurisdiction, or a division of the table, lies outside the event's division; also in record mode
package policy

import (
	"fmt"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/eligibility"
)

// The codes of the refusals of this service.
const (
	VersionExists       events.Code = "version_exists"
	JurisdictionOutside events.Code = "jurisdiction_outside"
	ConditionInvalid    events.Code = "condition_invalid"
)

// Versions answers what the service asks about the packs in the log.
type Versions interface {
	// Adopted reports whether a pack of a version was ever adopted.
	Adopted(version string) bool
}

// A Service decides the events of the family policy.
type Service struct{ versions Versions }

// New makes the service. It asks versions which versions of packs were adopted before.
func New(versions Versions) *Service { return &Service{versions} }

// Decide is [command.Decider.Decide].
func (s *Service) Decide(e *events.Event) (*events.Event, events.Reasons) {
	switch d := e.Data.(type) {
	case *events.PolicyAdopted:
		return s.adopt(e, d)
	case *events.DivisionsAdopted:
		return adoptDivisions(e, d)
	}
	return command.DecideWithdrawal(e)
}

// adopt decides the adoption of a pack.
func (s *Service) adopt(e *events.Event, d *events.PolicyAdopted) (*events.Event, events.Reasons) {
	var reasons events.Reasons
	if s.versions.Adopted(d.Version) {
		reasons = append(reasons, events.ReasonOf(VersionExists, "data.version", events.Say(
			"is that of a pack adopted before; give the changed pack a version of its own",
			"与已发布政策包的版本号相同：修改后的政策包请另取版本号")))
	}
	if !strings.HasPrefix(d.Jurisdiction, division.Trim(string(e.Division))) {
		reasons = append(reasons, events.ReasonOf(JurisdictionOutside, "data.jurisdiction", events.Say(
			"must lie within the division of the event, %s", "应在事件所属区划（%s）之内", e.Division)))
	}
	reasons = append(reasons, checkConditions(&d.Pack)...)
	if reasons != nil {
		return nil, reasons
	}
	return e, nil
}

// adoptDivisions decides what an agency says of the table of divisions: nothing that lies outside
// the division of the event. Whether parents and successors exist the gateway has checked, which has
// the table.
func adoptDivisions(e *events.Event, d *events.DivisionsAdopted) (*events.Event, events.Reasons) {
	var reasons events.Reasons
	for i := range d.Lines {
		if !d.Lines[i].Code.Under(string(e.Division)) {
			reasons = append(reasons, events.ReasonOf(JurisdictionOutside, fmt.Sprintf("data.lines[%d].code", i), events.Say(
				"must lie within the division of the event, %s", "应在事件所属区划（%s）之内", e.Division)))
		}
	}
	if reasons != nil {
		return nil, reasons
	}
	return e, nil
}

// checkConditions returns a reason for each condition of a pack that cannot be compiled.
func checkConditions(p *policy.Pack) (reasons events.Reasons) {
	_, err := eligibility.Compile(p)
	for _, wrong := range policy.Errors(err) {
		reasons = append(reasons, events.ReasonOf(ConditionInvalid, "data."+wrong.Field, events.Sentence{EN: wrong.Detail, ZH: wrong.DetailZH}))
	}
	return reasons
}
