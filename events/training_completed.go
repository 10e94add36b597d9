package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// TrainingCompletedType is the type of [TrainingCompleted].
const TrainingCompletedType Type = "training.completed"

// TrainingCompleted says that a person finished a course.
type TrainingCompleted struct {
	Who
	Course      string     `json:"course"`
	Hours       int        `json:"hours"`
	On          civil.Date `json:"on,omitzero"`
	PreService  bool       `json:"pre_service,omitzero"`
	Certificate string     `json:"certificate,omitzero"`
}

// Type implements [Data].
func (*TrainingCompleted) Type() Type { return TrainingCompletedType }

// BusinessDate implements [Data].
func (d *TrainingCompleted) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *TrainingCompleted) Days(h Horizon) { h.Happened(Path{Name: "on"}, d.On) }

// Clone implements [Data].
func (d *TrainingCompleted) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*TrainingCompleted) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*TrainingCompleted) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*TrainingCompleted) Place() *division.Code { return nil }

func (*TrainingCompleted) private() *string { return nil }

func (d *TrainingCompleted) check(c *checker) {
	d.Who.check(c)
	c.words("course", d.Course)
	c.between("hours", d.Hours, 0, 10_000)
	c.required("hours", d.Hours == 0)
	c.date("on", d.On)
	c.text("certificate", d.Certificate)
}
