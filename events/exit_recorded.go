package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// ExitRecordedType is the type of [ExitRecorded].
const ExitRecordedType Type = "exit.recorded"

// ExitRecorded ends a placement: On is the first day the person is no longer
// in place.
type ExitRecorded struct {
	Who
	Post string     `json:"post"`
	On   civil.Date `json:"on,omitzero"`
	Kind string     `json:"kind"` // natural or dismissal
	Code string     `json:"code"` // exit code, from the policy pack in force
	Note string     `json:"note,omitzero"`

	// Estimated says that nobody knows the day: On is any day of the month or of the year
	// in which the person left, and the exit counts on that day. Only history that is
	// recorded (submode record) may say so. In records of before 1.1 the day is known.
	Estimated string `json:"estimated,omitzero"` // month or year
}

// Type implements [Data].
func (*ExitRecorded) Type() Type { return ExitRecordedType }

// BusinessDate implements [Data].
func (d *ExitRecorded) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *ExitRecorded) Days(h Horizon) { h.Planned(Path{Name: "on"}, d.Post, d.On) }

// Clone implements [Data].
func (d *ExitRecorded) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*ExitRecorded) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*ExitRecorded) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*ExitRecorded) Place() *division.Code { return nil }

func (*ExitRecorded) private() *string { return nil }

func (d *ExitRecorded) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("on", d.On)
	c.oneOf("kind", d.Kind, "natural", "dismissal")
	c.name("code", d.Code)
	c.freeText("note", &d.Note, d.Person)
	c.option("estimated", d.Estimated, "month", "year")
}
