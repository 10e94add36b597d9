package events

import (
	"github.com/muster-works/muster/events/division"
)

// PersonRevealedType is the type of [PersonRevealed].
const PersonRevealedType Type = "person.revealed"

// PersonRevealed says that sealed fields of a person were read.
type PersonRevealed struct {
	Person  Person   `json:"person"`
	Fields  []string `json:"fields"`
	Purpose string   `json:"purpose"`
}

// Type implements [Data].
func (*PersonRevealed) Type() Type { return PersonRevealedType }

// BusinessDate implements [Data].
func (*PersonRevealed) BusinessDate() string { return "" }

// Days implements [Data].
func (*PersonRevealed) Days(Horizon) {}

// Clone implements [Data].
func (d *PersonRevealed) Clone() Data { return new(*d) }

// About implements [Data].
func (*PersonRevealed) About() *Who { return nil }

// PersonLines implements [Data].
func (*PersonRevealed) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PersonRevealed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PersonRevealed) Place() *division.Code { return nil }

func (*PersonRevealed) private() *string { return nil }

func (d *PersonRevealed) check(c *checker) {
	c.person("person", d.Person, false, "person")
	c.words("purpose", d.Purpose)
}
