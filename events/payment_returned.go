package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PaymentReturnedType is the type of [PaymentReturned].
const PaymentReturnedType Type = "payment.returned"

// PaymentReturned says which settled lines came back from the bank.
type PaymentReturned struct {
	Run       string         `json:"run"`
	OrderedBy string         `json:"ordered_by,omitzero"` // whose run it is, see [RunKey]
	Lines     []ReturnedLine `json:"lines"`
}

// A ReturnedLine is one line that came back, or a part of it. Amount is what came back;
// left out, it is the rest: all that was settled of the line and has not come back. Records
// of before 1.1 have no amount and mean the whole line.
type ReturnedLine struct {
	Line   string     `json:"line"`
	Person Person     `json:"person,omitzero"` // the person that the line paid; set by the engine
	Reason string     `json:"reason,omitzero"`
	On     civil.Date `json:"on,omitzero"`
	Amount Fen        `json:"amount,omitzero"`
}

// A Restitution is the payload of an event by which money of settled lines came back:
// [PaymentReturned], where the bank sent it back, or [PaymentReversed], where it was taken
// back. Both have the same effect on the run and on its fund.
type Restitution interface {
	RunData

	// Restitution returns the name of the run, and the lines that came back. The lines
	// are those of the payload and not a copy.
	Restitution() (run string, lines []ReturnedLine)

	// With returns a copy of the payload that names the source of the run and has other
	// lines.
	With(orderedBy string, lines []ReturnedLine) Data
}

// Restitution implements [Restitution].
func (d *PaymentReturned) Restitution() (run string, lines []ReturnedLine) { return d.Run, d.Lines }

// With implements [Restitution].
func (d *PaymentReturned) With(orderedBy string, lines []ReturnedLine) Data {
	return &PaymentReturned{Run: d.Run, OrderedBy: orderedBy, Lines: lines}
}

// RunKey implements [RunData].
func (d *PaymentReturned) RunKey() RunKey { return RunKey{d.OrderedBy, d.Run} }

// FirstLine implements [RunData].
func (d *PaymentReturned) FirstLine() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].Line
}

// Type implements [Data].
func (*PaymentReturned) Type() Type { return PaymentReturnedType }

// BusinessDate implements [Data].
func (d *PaymentReturned) BusinessDate() string { return firstDayReturned(d.Lines) }

// Days implements [Data].
func (d *PaymentReturned) Days(h Horizon) { happenedByLine(h, d.Lines) }

// Clone implements [Data].
func (d *PaymentReturned) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*PaymentReturned) About() *Who { return nil }

// PersonLines implements [Data].
func (d *PaymentReturned) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data].
func (*PaymentReturned) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PaymentReturned) Place() *division.Code { return nil }

func (*PaymentReturned) private() *string { return nil }

func (d *PaymentReturned) check(c *checker) { checkReturned(c, d.RunKey(), d.Lines) }

func checkReturned(c *checker, run RunKey, lines []ReturnedLine) {
	run.check(c)
	c.lines("lines", len(lines))
	for i := range lines {
		c.line("lines", i)
		c.name("line", lines[i].Line)
		c.freeText("reason", &lines[i].Reason, lines[i].Person)
		c.date("on", lines[i].On)
		c.part("amount", lines[i].Amount)
		c.enginePerson(lines[i].Person)
		c.endLine()
	}
}

func (l *ReturnedLine) person() *Person   { return &l.Person }
func (l *ReturnedLine) idNumber() *string { return nil }
func (l *ReturnedLine) private() *string  { return nil }

// firstDayReturned returns the business date of lines that came back: the day of the
// first.
func firstDayReturned(lines []ReturnedLine) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0].On.String()
}
