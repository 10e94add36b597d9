package events

import (
	"fmt"
	"math"
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// The data of the families registry, review, policy and gateway, and of
// withdrawals.

// RegistryReported brings facts from another authority's books.
type RegistryReported struct {
	Registry string         `json:"registry"` // death, pension, insurance, business, fiscal or custody
	Lines    []RegistryLine `json:"lines"`
}

// A RegistryLine is one fact about one person.
type RegistryLine struct {
	Person   Person     `json:"person,omitzero"`
	IDNumber string     `json:"id_number,omitzero"` // in a submission
	From     civil.Date `json:"from,omitzero"`
	Until    civil.Date `json:"until,omitzero"` // first day no longer
	Detail   string     `json:"detail,omitzero"`
}

// FindingReviewed is a person's verdict on a finding.
type FindingReviewed struct {
	Finding string `json:"finding"`
	Verdict string `json:"verdict"` // confirmed or cleared
	Note    string `json:"note,omitzero"`
}

// PolicyAdopted puts a pack in force.
type PolicyAdopted struct {
	policy.Pack
}

// EventWithdrawn takes back an own event of the same source.
type EventWithdrawn struct {
	Of     Type   `json:"type"` // type of the event withdrawn
	ID     string `json:"id"`   // and its id
	Reason string `json:"reason"`
}

// SubmissionsTallied counts what an agency submitted in an interval of time,
// and what became of it.
type SubmissionsTallied struct {
	Agency    string         `json:"agency"`
	From      time.Time      `json:"from"`
	Until     time.Time      `json:"until"`
	Accepted  int            `json:"accepted"`
	Duplicate int            `json:"duplicate"`
	Rejected  map[string]int `json:"rejected,omitempty"` // by code
}

// PersonErased says that a person's identity and key are gone.
type PersonErased struct {
	Person Person `json:"person"`
	Reason string `json:"reason"`
}

// PersonRevealed says that sealed fields of a person were read.
type PersonRevealed struct {
	Person  Person   `json:"person"`
	Fields  []string `json:"fields"`
	Purpose string   `json:"purpose"`
}

// Type names the event type.
func (*RegistryReported) Type() Type { return RegistryReportedType }

// Type names the event type.
func (*FindingReviewed) Type() Type { return FindingReviewedType }

// Type names the event type.
func (*PolicyAdopted) Type() Type { return PolicyAdoptedType }

// Type names the event type.
func (*EventWithdrawn) Type() Type { return EventWithdrawnType }

// Type names the event type.
func (*SubmissionsTallied) Type() Type { return SubmissionsTalliedType }

// Type names the event type.
func (*PersonErased) Type() Type { return PersonErasedType }

// Type names the event type.
func (*PersonRevealed) Type() Type { return PersonRevealedType }

func (d *RegistryReported) check(c *checker) {
	c.oneOf("registry", d.Registry, "death", "pension", "insurance", "business", "fiscal", "custody")
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.personOfLine(l.Person, l.IDNumber)
		c.date("from", l.From)
		c.interval("until", l.From, l.Until)
		c.text("detail", l.Detail)
		c.endLine()
	}
}

func (d *FindingReviewed) check(c *checker) {
	c.name("finding", d.Finding)
	c.oneOf("verdict", d.Verdict, "confirmed", "cleared")
	c.text("note", d.Note)
}

func (d *PolicyAdopted) check(c *checker) {
	for _, wrong := range policy.Errors(d.Pack.Check()) {
		c.add(Invalid, wrong.Field, wrong.Detail)
	}
	c.short("policy", d.Policy, maxName)
	c.short("version", d.Version, maxName) // stamped on every event decided by it
	c.text("title", d.Title)
	for i, s := range d.Sources {
		c.text(fmt.Sprintf("sources[%d]", i), s)
	}
	for i, g := range d.Groups {
		c.short(fmt.Sprintf("groups[%d].code", i), g.Code, maxName)
	}
	for i, condition := range d.Eligibility {
		c.text(fmt.Sprintf("eligibility[%d].when", i), condition.When)
		c.text(fmt.Sprintf("eligibility[%d].detail", i), condition.Detail)
	}
	for i, code := range d.Exits.Codes {
		at := fmt.Sprintf("exits.codes[%d].", i)
		c.short(at+"code", code.Code, maxName)
		c.text(at+"title", code.Title)
		c.text(at+"label", code.Label)
	}
}

func (d *EventWithdrawn) check(c *checker) {
	c.oneOf("type", string(d.Of), withdrawable()...)
	c.name("id", d.ID)
	c.name("reason", d.Reason)
}

// withdrawable lists the types of events that can be withdrawn: an agency's own
// that are no withdrawals.
func withdrawable() (names []string) {
	for _, t := range Types() {
		if f := t.Family(); f != "" && f != Gateway {
			names = append(names, string(t))
		}
	}
	return names
}

func (d *SubmissionsTallied) check(c *checker) {
	c.name("agency", d.Agency)
	c.between("accepted", d.Accepted, 0, math.MaxInt)
	c.between("duplicate", d.Duplicate, 0, math.MaxInt)
}

func (d *PersonErased) check(c *checker) {
	c.person("person", d.Person, false, "person")
	c.name("reason", d.Reason)
}

func (d *PersonRevealed) check(c *checker) {
	c.person("person", d.Person, false, "person")
	c.name("purpose", d.Purpose)
}

// Adoption is the event by which a deployment puts a pack in force by itself,
// the same one wherever it is made: a deployment that has adopted its first
// pack answers duplicate when a file brings it again.
func Adoption(p *policy.Pack) *Event {
	e := &Event{
		ID: p.Version, Source: "/agency/" + p.Jurisdiction + "-rst", Type: PolicyAdoptedType, Subject: p.Policy,
		Data: &PolicyAdopted{Pack: *p},
	}
	if p.Jurisdiction != "" {
		e.Division = division.Code(p.Jurisdiction + "0000000000"[len(p.Jurisdiction)-2:])
	}
	return e
}
