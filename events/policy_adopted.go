package events

import (
	"fmt"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// PolicyAdoptedType is the type of [PolicyAdopted].
const PolicyAdoptedType Type = "policy.adopted"

// PolicyAdopted puts a pack in force.
type PolicyAdopted struct {
	policy.Pack
}

// Type implements [Data].
func (*PolicyAdopted) Type() Type { return PolicyAdoptedType }

// BusinessDate implements [Data].
func (d *PolicyAdopted) BusinessDate() string { return d.ValidFrom.String() }

// Days implements [Data].
func (*PolicyAdopted) Days(Horizon) {}

// Clone implements [Data].
func (d *PolicyAdopted) Clone() Data { return new(*d) }

// About implements [Data].
func (*PolicyAdopted) About() *Who { return nil }

// PersonLines implements [Data].
func (*PolicyAdopted) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PolicyAdopted) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PolicyAdopted) Place() *division.Code { return nil }

func (*PolicyAdopted) private() *string { return nil }

func (d *PolicyAdopted) check(c *checker) {
	for _, wrong := range policy.Errors(d.Pack.Check()) {
		c.add(Invalid, wrong.Field, Sentence{wrong.Detail, wrong.DetailZH})
	}
	c.short("policy", d.Policy, maxName)
	c.short("version", d.Version, maxName) // every event decided by the pack carries its version
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
		c.text(fmt.Sprintf("eligibility[%d].detail_zh", i), condition.DetailZH)
	}
	for i, code := range d.Exits.Codes {
		at := fmt.Sprintf("exits.codes[%d].", i)
		c.short(at+"code", code.Code, maxName)
		c.text(at+"title", code.Title)
		c.text(at+"label", code.Label)
	}
	for i, kind := range d.PayKinds {
		at := fmt.Sprintf("pay_kinds[%d].", i)
		c.text(at+"title", kind.Title)
		c.text(at+"label", kind.Label)
	}
}

// Adoption returns the event by which a deployment adopts a pack that an operator or
// a file gives it. The event depends on the pack alone. A pack that was adopted
// before is therefore answered as a duplicate.
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
