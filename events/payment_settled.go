package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PaymentSettledType is the type of [PaymentSettled].
const PaymentSettledType Type = "payment.settled"

// PaymentSettled says which lines of a run the bank paid, and when.
type PaymentSettled struct {
	Run       string        `json:"run"`
	OrderedBy string        `json:"ordered_by,omitzero"` // whose run it is, see [RunKey]
	PaidOn    civil.Date    `json:"paid_on,omitzero"`
	Lines     []SettledLine `json:"lines"`
}

// A SettledLine is one line paid, or a part of it, to an account where it is known. Amount
// is what was paid; left out, it is the rest: all that was ordered of the line and has been
// neither settled nor rejected. Records of before 1.1 have no amount and mean the whole line.
type SettledLine struct {
	Line    string `json:"line"`
	Person  Person `json:"person,omitzero"`  // the person that the line pays; set by the engine
	Account string `json:"account,omitzero"` // the token that stands for the account; set by the engine
	Number  string `json:"number,omitzero"`  // the account number; only in a submission
	Amount  Fen    `json:"amount,omitzero"`
}

// RunKey implements [RunData].
func (d *PaymentSettled) RunKey() RunKey { return RunKey{d.OrderedBy, d.Run} }

// FirstLine implements [RunData].
func (d *PaymentSettled) FirstLine() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].Line
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
	d.RunKey().check(c)
	c.date("paid_on", d.PaidOn)
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		c.line("lines", i)
		c.name("line", d.Lines[i].Line)
		c.private("number", d.Lines[i].Number)
		c.engine("account", d.Lines[i].Account)
		c.enginePerson(d.Lines[i].Person)
		c.part("amount", d.Lines[i].Amount)
		c.endLine()
	}
}

func (l *SettledLine) person() *Person   { return &l.Person }
func (l *SettledLine) idNumber() *string { return nil }
func (l *SettledLine) private() *string  { return &l.Number }
