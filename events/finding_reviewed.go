package events

import (
	"github.com/muster-works/muster/events/division"
)

// FindingReviewedType is the type of [FindingReviewed].
const FindingReviewedType Type = "finding.reviewed"

// FindingReviewed is a person's verdict on a finding.
type FindingReviewed struct {
	Finding string `json:"finding"`
	Verdict string `json:"verdict"` // confirmed or cleared
	Note    string `json:"note,omitzero"`
}

// Type implements [Data].
func (*FindingReviewed) Type() Type { return FindingReviewedType }

// BusinessDate implements [Data].
func (*FindingReviewed) BusinessDate() string { return "" }

// Days implements [Data].
func (*FindingReviewed) Days(Horizon) {}

// Clone implements [Data].
func (d *FindingReviewed) Clone() Data { return new(*d) }

// About implements [Data].
func (*FindingReviewed) About() *Who { return nil }

// PersonLines implements [Data].
func (*FindingReviewed) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*FindingReviewed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*FindingReviewed) Place() *division.Code { return nil }

func (*FindingReviewed) private() *string { return nil }

func (d *FindingReviewed) check(c *checker) {
	c.name("finding", d.Finding)
	c.oneOf("verdict", d.Verdict, "confirmed", "cleared")
	c.freeText("note", &d.Note, Person{})
}
