package events

import (
	"math"
	"time"

	"github.com/muster-works/muster/events/division"
)

// SubmissionsTalliedType is the type of [SubmissionsTallied].
const SubmissionsTalliedType Type = "submissions.tallied"

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

// Type implements [Data].
func (*SubmissionsTallied) Type() Type { return SubmissionsTalliedType }

// BusinessDate implements [Data].
func (*SubmissionsTallied) BusinessDate() string { return "" }

// Days implements [Data].
func (*SubmissionsTallied) Days(Horizon) {}

// Clone implements [Data].
func (d *SubmissionsTallied) Clone() Data { return new(*d) }

// About implements [Data].
func (*SubmissionsTallied) About() *Who { return nil }

// PersonLines implements [Data].
func (*SubmissionsTallied) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*SubmissionsTallied) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*SubmissionsTallied) Place() *division.Code { return nil }

func (*SubmissionsTallied) private() *string { return nil }

func (d *SubmissionsTallied) check(c *checker) {
	c.name("agency", d.Agency)
	c.between("accepted", d.Accepted, 0, math.MaxInt)
	c.between("duplicate", d.Duplicate, 0, math.MaxInt)
}
