package events

import (
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PersonIdentifiedType is the type of [PersonIdentified].
const PersonIdentifiedType Type = "person.identified"

// The reasons of a [PersonIdentified].
const (
	Mistyped      = "mistyped"       // the number was never the person's
	Changed       = "changed"        // the person got another number
	FifteenDigits = "fifteen_digits" // the number is that of 18 digits in place of one of 15
	Renamed       = "renamed"        // the name changed, and the number did not
)

var identityReasons = [...]string{Mistyped, Changed, FifteenDigits, Renamed}

// PersonIdentified says who a person in the books is: the number or the name that the
// person has from the day On on, or, if the old number was mistyped, has always had. The
// person keeps the pseudonym and with it the whole history. A mistyped number is free for
// its owner afterwards. Every other old number still leads to the person.
//
// A submission names the person by the pseudonym or by the number that the books have so
// far, and gives in Identity what the person is called from now on. What it leaves out
// stays as it was.
type PersonIdentified struct {
	Who                 // Identity is not by what the person is found, but what holds from now on
	IDNumber string     `json:"id_number,omitzero"` // the number that the books have so far; only in a submission
	Reason   string     `json:"reason"`
	On       civil.Date `json:"on,omitzero"` // the day of the decision if left out

	// The engine sets the following.

	BirthMonth civil.Month `json:"birth_month,omitzero"` // from the new number; 0 if there is none
	Sex        string      `json:"sex,omitzero"`         // F or M, from the new number
	Posts      []string    `json:"posts,omitzero"`       // on which the person is or was in place: their figures follow
	HeldBy     Person      `json:"held_by,omitzero"`     // the pseudonym that the new number led to before, of whom no event stands
}

// Restates reports whether the month of birth and the sex hold from the first day on, and
// not from the day On on.
func (d *PersonIdentified) Restates() bool { return d.Reason == Mistyped }

// Renumbers reports whether the person gets another number. Then the record says the month
// of birth and the sex.
func (d *PersonIdentified) Renumbers() bool { return d.Reason != Renamed }

// Type implements [Data].
func (*PersonIdentified) Type() Type { return PersonIdentifiedType }

// BusinessDate implements [Data].
func (d *PersonIdentified) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *PersonIdentified) Days(h Horizon) { h.Happened(Path{Name: "on"}, d.On) }

// Clone implements [Data].
func (d *PersonIdentified) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	c.Posts = slices.Clone(d.Posts)
	return &c
}

// PersonLines implements [Data].
func (*PersonIdentified) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PersonIdentified) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PersonIdentified) Place() *division.Code { return nil }

func (d *PersonIdentified) private() *string { return &d.IDNumber }

func (d *PersonIdentified) check(c *checker) {
	c.person("person", d.Person, d.IDNumber != "", "id_number")
	if c.rules != nil {
		c.rule("id_number", Rule{Private: true, Pattern: idNumberForm})
	} else if d.IDNumber != "" {
		c.idNumber("id_number", d.IDNumber)
	}
	c.oneOf("reason", d.Reason, identityReasons[:]...)
	d.checkIdentity(c)
	c.engine("birth_month", d.BirthMonth.String())
	c.engine("sex", d.Sex)
	c.engineList("posts", len(d.Posts))
	if d.HeldBy != (Person{}) {
		c.engine("held_by", d.HeldBy.String())
	}
}

// checkIdentity checks what the person has from now on. It depends on the reason whether
// that must be a number or a name.
func (d *PersonIdentified) checkIdentity(c *checker) {
	id := Identity{}
	if d.Identity != nil {
		id = *d.Identity
	}
	switch {
	case c.rules != nil:
		c.rule("identity", Rule{Required: true})
		c.rule("identity.id_number", Rule{Private: true, Pattern: idNumberForm})
		c.rule("identity.name", Rule{Required: true, When: Renamed})
		for _, reason := range [...]string{Mistyped, Changed, FifteenDigits} {
			c.rule("identity.id_number", Rule{Required: true, When: reason})
		}
	case !c.door || !slices.Contains(identityReasons[:], d.Reason):
	case d.Identity == nil:
		c.add(Missing, "identity", Say(
			"is required: what is right from now on, id_number, or name if the reason is renamed",
			"为必填项：填写今后正确的内容，即id_number；原因为renamed时填写name"))
		return
	case !d.Renumbers() && id.IDNumber != "" && !strings.EqualFold(id.IDNumber, d.IDNumber):
		c.add(Invalid, "identity.id_number", Say(
			"must be left out where the reason is renamed, or be equal to id_number; for another number give mistyped, changed or fifteen_digits",
			"原因为renamed时不填，或与id_number相同；更换号码请填mistyped、changed或fifteen_digits"))
	case !d.Renumbers() && id.Name == "":
		c.add(Missing, "identity.name", Say("is required where the reason is renamed: the new name", "原因为renamed时为必填项：新的姓名"))
	case d.Renumbers():
		c.idNumber("identity.id_number", id.IDNumber)
	}
	id.checkRest(c)
}
