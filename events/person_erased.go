package events

import (
	"github.com/muster-works/muster/events/division"
)

// PersonErasedType is the type of [PersonErased].
const PersonErasedType Type = "person.erased"

// PersonErased says that a person's identity and key are gone.
type PersonErased struct {
	Person Person `json:"person"`
	Reason string `json:"reason"`
}

// Type implements [Data].
func (*PersonErased) Type() Type { return PersonErasedType }

// BusinessDate implements [Data].
func (*PersonErased) BusinessDate() string { return "" }

// Days implements [Data].
func (*PersonErased) Days(Horizon) {}

// Clone implements [Data].
func (d *PersonErased) Clone() Data { return new(*d) }

// About implements [Data].
func (*PersonErased) About() *Who { return nil }

// PersonLines implements [Data].
func (*PersonErased) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PersonErased) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PersonErased) Place() *division.Code { return nil }

func (*PersonErased) private() *string { return nil }

func (d *PersonErased) check(c *checker) {
	c.person("person", d.Person, false, "person")
	c.words("reason", d.Reason)
}
