package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PaymentSettledType is the type of [PaymentSettled].
const PaymentSettledType Type = "payment.settled"

// PaymentSettled says which lines of a run the bank paid, and when.
type PaymentSettled struct {
	Run    string        `json:"run"`
	PaidOn civil.Date    `json:"paid_on,omitzero"`
	Lines  []SettledLine `json:"lines"`
}

// A SettledLine is one line paid, to an account where it is known.
type SettledLine struct {
	Line    string `json:"line"`
	Person  Person `json:"person,omitzero"`  // the person that the line pays; set by the engine
	Account string `json:"account,omitzero"` // the token that stands for the account; set by the engine
	Number  string `json:"number,omitzero"`  // the account number; only in a submission
}

// Type implements [Data].
func (*PaymentSettled) Type() Type { return PaymentSettledType }

// BusinessDate implements [Data].
func (d *PaymentSettled) BusinessDate() string { return d.PaidOn.String() }

// Days implements [Data].
func (d *PaymentSettled) Days(h Horizon) { h.Happened(Path{Name: "paid_on"}, d.PaidOn) }

// Clone implements [Data].
func (d *PaymentSettled) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*PaymentSettled) About() *Who { return nil }

// PersonLines implements [Data].
func (d *PaymentSettled) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data].
func (*PaymentSettled) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PaymentSettled) Place() *division.Code { return nil }

func (*PaymentSettled) private() *string { return nil }

func (d *PaymentSettled) check(c *checker) {
	c.name("run", d.Run)
	c.date("paid_on", d.PaidOn)
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		c.line("lines", i)
		c.name("line", d.Lines[i].Line)
		c.private("number", d.Lines[i].Number)
		c.engine("account", d.Lines[i].Account)
		c.enginePerson(d.Lines[i].Person)
		c.endLine()
	}
}

func (l *SettledLine) person() *Person   { return &l.Person }
func (l *SettledLine) idNumber() *string { return nil }
func (l *SettledLine) private() *string  { return &l.Number }
