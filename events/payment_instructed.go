package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PaymentInstructedType is the type of [PaymentInstructed].
const PaymentInstructedType Type = "payment.instructed"

// PaymentInstructed orders a pay run, or a part of one, from a fund.
type PaymentInstructed struct {
	Run   string      `json:"run"`
	Month civil.Month `json:"month,omitzero"`
	Fund  string      `json:"fund"`
	Lines []PayLine   `json:"lines"`

	// On is the day of the order. Where a submission leaves it out, the service writes the
	// day of the decision. A record without it is of before 1.1: see Day.
	On civil.Date `json:"on,omitzero"`

	// OrderedBy is the source whose run this is, see [RunKey]. Only the service sets it,
	// together with On.
	OrderedBy string `json:"ordered_by,omitzero"`
}

// A PayLine is one amount to one person. Line names it in its run; where a submission
// leaves it out, the service makes it of the person. Month is the month earned, the run's
// where left out.
type PayLine struct {
	Line     string      `json:"line,omitzero"`
	Person   Person      `json:"person,omitzero"`
	IDNumber string      `json:"id_number,omitzero"` // only in a submission
	Post     string      `json:"post"`
	Month    civil.Month `json:"month,omitzero"`
	Kind     string      `json:"kind,omitzero"` // code of a kind of pay of the policy pack; allowance if left out
	Amount   Fen         `json:"amount"`
}

// Day returns the day on which the order takes its money from the fund: On, and in a record
// of before 1.1 the first day of the run's month.
func (d *PaymentInstructed) Day() civil.Date {
	if d.On != 0 {
		return d.On
	}
	return d.Month.First()
}

// RunKey implements [RunData].
func (d *PaymentInstructed) RunKey() RunKey { return RunKey{d.OrderedBy, d.Run} }

// FirstLine implements [RunData].
func (d *PaymentInstructed) FirstLine() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].Line
}

// Type implements [Data].
func (*PaymentInstructed) Type() Type { return PaymentInstructedType }

// BusinessDate implements [Data].
func (d *PaymentInstructed) BusinessDate() string { return d.Month.String() }

// Days implements [Data].
func (*PaymentInstructed) Days(Horizon) {}

// Clone implements [Data].
func (d *PaymentInstructed) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*PaymentInstructed) About() *Who { return nil }

// PersonLines implements [Data].
func (d *PaymentInstructed) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data].
func (*PaymentInstructed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PaymentInstructed) Place() *division.Code { return nil }

func (*PaymentInstructed) private() *string { return nil }

func (d *PaymentInstructed) check(c *checker) {
	c.name("run", d.Run)
	c.month("month", d.Month)
	c.name("fund", d.Fund)
	c.engine("ordered_by", d.OrderedBy)
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.optionalName("line", l.Line)
		c.personOfLine(l.Person, l.IDNumber)
		c.name("post", l.Post)
		c.optionalName("kind", l.Kind)
		c.amount("amount", l.Amount)
		c.required("amount", l.Amount == 0)
		c.endLine()
	}
}

func (l *PayLine) person() *Person   { return &l.Person }
func (l *PayLine) idNumber() *string { return &l.IDNumber }
func (l *PayLine) private() *string  { return &l.IDNumber }
