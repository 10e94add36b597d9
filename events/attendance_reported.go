package events

import (
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// AttendanceReportedType is the type of [AttendanceReported].
const AttendanceReportedType Type = "attendance.reported"

// AttendanceReported is a sheet of one post: of a month (Month, and Marks in
// each line) or of a day (Date, and Mark in each line).
//
// Of two sheets that contradict each other about a day, the one of the higher rank
// counts. The rank depends on Capacity and on the attribute authdivision, by the policy
// pack of the day. Records of before 1.1 have no Capacity and rank as the unit.
type AttendanceReported struct {
	Post     string      `json:"post"`
	Month    civil.Month `json:"month,omitzero"`
	Date     civil.Date  `json:"date,omitzero"`
	Recorder string      `json:"recorder,omitzero"`
	Capacity string      `json:"capacity,omitzero"` // inspection, for what an inspector found on site; left out for the sheet of the unit

	RecorderPerson   Person           `json:"recorder_person,omitzero"`    // who kept the sheet, if it is a person of the programme
	RecorderIDNumber string           `json:"recorder_id_number,omitzero"` // the same, only in a submission
	Lines            []AttendanceLine `json:"lines"`
}

// An AttendanceLine is what one person did. A mark is one letter: P present,
// H half day, L leave, A absent, S substitute found, '.' rest, '-' not
// reported. Marks has one a day from day 1 on, at most the month's days.
type AttendanceLine struct {
	Person   Person `json:"person,omitzero"`
	IDNumber string `json:"id_number,omitzero"` // only in a submission
	Marks    string `json:"marks,omitzero"`
	Mark     string `json:"mark,omitzero"`
	Device   string `json:"device,omitzero"`
	Evidence string `json:"evidence,omitzero"`
}

// Type implements [Data].
func (*AttendanceReported) Type() Type { return AttendanceReportedType }

// BusinessDate implements [Data]: the day of a daily sheet, or else the month.
func (d *AttendanceReported) BusinessDate() string {
	if d.Date != 0 {
		return d.Date.String()
	}
	return d.Month.String()
}

// Days implements [Data]. Leave and rest may be entered for days to come, since offices send
// sheets before the end of a month.
func (d *AttendanceReported) Days(h Horizon) {
	for i := range d.Lines {
		l := &d.Lines[i]
		if d.Date == 0 {
			if n := strings.LastIndexAny(l.Marks, "PHSA"); n >= 0 {
				h.Attended(Path{"marks", i + 1}, d.Month.First()+civil.Date(n))
			}
		} else if strings.ContainsAny(l.Mark, "PHSA") {
			h.Attended(Path{"mark", i + 1}, d.Date)
		}
	}
}

// Clone implements [Data].
func (d *AttendanceReported) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*AttendanceReported) About() *Who { return nil }

// PersonLines implements [Data].
func (d *AttendanceReported) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data]: who kept the sheet.
func (d *AttendanceReported) Second() *SecondPerson {
	return &SecondPerson{"recorder_person", &d.RecorderPerson, "recorder_id_number", &d.RecorderIDNumber}
}

// Place implements [Data].
func (*AttendanceReported) Place() *division.Code { return nil }

func (*AttendanceReported) private() *string { return nil }

func (d *AttendanceReported) check(c *checker) {
	c.name("post", d.Post)
	c.text("recorder", d.Recorder)
	c.option("capacity", d.Capacity, policy.Inspection)
	c.second(d.Second())
	if d.Month == 0 && d.Date == 0 {
		c.add(Missing, "month", Say("is required for a monthly sheet, or else date for a daily one", "月度考勤表须填月份；按日考勤表则填date"))
		return
	}
	if d.Month != 0 && d.Date != 0 {
		c.add(Invalid, "date", ofDailySheets)
		return
	}
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.personOfLine(l.Person, l.IDNumber)
		if d.Month != 0 {
			c.marks("marks", l.Marks, d.Month.Days())
			c.absent("mark", l.Mark == "", ofDailySheets)
		} else {
			c.marks("mark", l.Mark, 1)
			c.absent("marks", l.Marks == "", Say("belongs to monthly sheets; this one has a date", "用于月度考勤表；本表是按日的"))
		}
		c.text("device", l.Device)
		c.text("evidence", l.Evidence)
		c.endLine()
	}
}

// ofDailySheets is said of a field of daily sheets that stands in a monthly one.
var ofDailySheets = Say("belongs to daily sheets; this one has a month", "用于按日考勤表；本表是月度的")

func (l *AttendanceLine) person() *Person   { return &l.Person }
func (l *AttendanceLine) idNumber() *string { return &l.IDNumber }
func (l *AttendanceLine) private() *string  { return &l.IDNumber }
