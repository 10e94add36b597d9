package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// RegistryReportedType is the type of [RegistryReported].
const RegistryReportedType Type = "registry.reported"

// RegistryReported brings facts from another authority's books.
type RegistryReported struct {
	Registry string         `json:"registry"` // death, pension, insurance, business, fiscal or custody
	Lines    []RegistryLine `json:"lines"`
}

// A RegistryLine is one fact about one person.
type RegistryLine struct {
	Person   Person     `json:"person,omitzero"`
	IDNumber string     `json:"id_number,omitzero"` // only in a submission
	From     civil.Date `json:"from,omitzero"`
	Until    civil.Date `json:"until,omitzero"` // first day on which the fact no longer holds
	Detail   string     `json:"detail,omitzero"`
}

// Type implements [Data].
func (*RegistryReported) Type() Type { return RegistryReportedType }

// BusinessDate implements [Data]: the day on which the first fact begins.
func (d *RegistryReported) BusinessDate() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].From.String()
}

// Days implements [Data]. Deaths and custody have begun; a pension, a premium or a job may
// begin later.
func (d *RegistryReported) Days(h Horizon) {
	if d.Registry != "death" && d.Registry != "custody" {
		return
	}
	for i := range d.Lines {
		h.Happened(Path{"from", i + 1}, d.Lines[i].From)
	}
}

// Clone implements [Data].
func (d *RegistryReported) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*RegistryReported) About() *Who { return nil }

// PersonLines implements [Data].
func (d *RegistryReported) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data].
func (*RegistryReported) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*RegistryReported) Place() *division.Code { return nil }

func (*RegistryReported) private() *string { return nil }

func (d *RegistryReported) check(c *checker) {
	c.oneOf("registry", d.Registry, "death", "pension", "insurance", "business", "fiscal", "custody")
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.personOfLine(l.Person, l.IDNumber)
		c.date("from", l.From)
		c.interval("until", l.From, l.Until)
		c.freeText("detail", &l.Detail, l.Person)
		c.endLine()
	}
}

func (l *RegistryLine) person() *Person   { return &l.Person }
func (l *RegistryLine) idNumber() *string { return &l.IDNumber }
func (l *RegistryLine) private() *string  { return &l.IDNumber }
