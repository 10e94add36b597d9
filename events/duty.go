package events

import (
	"github.com/muster-works/muster/events/civil"
)

// The data of the families training and attendance.

// TrainingCompleted says that a person finished a course.
type TrainingCompleted struct {
	Who
	Course      string     `json:"course"`
	Hours       int        `json:"hours"`
	On          civil.Date `json:"on,omitzero"`
	PreService  bool       `json:"pre_service,omitzero"`
	Certificate string     `json:"certificate,omitzero"`
}

// AttendanceReported is a sheet of one post: of a month (Month, and Marks in
// each line) or of a day (Date, and Mark in each line).
type AttendanceReported struct {
	Post     string           `json:"post"`
	Month    civil.Month      `json:"month,omitzero"`
	Date     civil.Date       `json:"date,omitzero"`
	Recorder string           `json:"recorder,omitzero"`
	Lines    []AttendanceLine `json:"lines"`
}

// An AttendanceLine is what one person did. A mark is one letter: P present,
// H half day, L leave, A absent, S substitute found, '.' rest, '-' not
// reported. Marks has one a day from day 1 on, at most the month's days.
type AttendanceLine struct {
	Person   Person `json:"person,omitzero"`
	IDNumber string `json:"id_number,omitzero"` // in a submission
	Marks    string `json:"marks,omitzero"`
	Mark     string `json:"mark,omitzero"`
	Device   string `json:"device,omitzero"`
	Evidence string `json:"evidence,omitzero"`
}

// Type names the event type.
func (*TrainingCompleted) Type() Type { return TrainingCompletedType }

// Type names the event type.
func (*AttendanceReported) Type() Type { return AttendanceReportedType }

func (d *TrainingCompleted) check(c *checker) {
	d.Who.check(c)
	c.name("course", d.Course)
	c.between("hours", d.Hours, 0, 10_000)
	c.required("hours", d.Hours == 0)
	c.date("on", d.On)
	c.text("certificate", d.Certificate)
}

func (d *AttendanceReported) check(c *checker) {
	c.name("post", d.Post)
	c.text("recorder", d.Recorder)
	if d.Month == 0 && d.Date == 0 {
		c.add(Missing, "month", "is required for a monthly sheet, or else date for a daily one")
		return
	}
	if d.Month != 0 && d.Date != 0 {
		c.add(Invalid, "date", "belongs to daily sheets; this one has a month")
		return
	}
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.personOfLine(l.Person, l.IDNumber)
		if d.Month != 0 {
			c.marks("marks", l.Marks, d.Month.Days())
			c.absent("mark", l.Mark == "", "belongs to daily sheets; this one has a month")
		} else {
			c.marks("mark", l.Mark, 1)
			c.absent("marks", l.Marks == "", "belongs to monthly sheets; this one has a date")
		}
		c.text("device", l.Device)
		c.text("evidence", l.Evidence)
		c.endLine()
	}
}
