package events

import (
	"github.com/muster-works/muster/events/division"
)

// PaymentReversedType is the type of [PaymentReversed].
const PaymentReversedType Type = "payment.reversed"

// PaymentReversed says which settled lines were taken back, whole or in part.
type PaymentReversed struct {
	Run       string         `json:"run"`
	OrderedBy string         `json:"ordered_by,omitzero"` // whose run it is, see [RunKey]
	Lines     []ReturnedLine `json:"lines"`
}

// Restitution implements [Restitution].
func (d *PaymentReversed) Restitution() (run string, lines []ReturnedLine) { return d.Run, d.Lines }

// With implements [Restitution].
func (d *PaymentReversed) With(orderedBy string, lines []ReturnedLine) Data {
	return &PaymentReversed{Run: d.Run, OrderedBy: orderedBy, Lines: lines}
}

// RunKey implements [RunData].
func (d *PaymentReversed) RunKey() RunKey { return RunKey{d.OrderedBy, d.Run} }

// FirstLine implements [RunData].
func (d *PaymentReversed) FirstLine() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].Line
}

// Type implements [Data].
func (*PaymentReversed) Type() Type { return PaymentReversedType }

// BusinessDate implements [Data].
func (d *PaymentReversed) BusinessDate() string { return firstDayReturned(d.Lines) }

// Days implements [Data].
func (d *PaymentReversed) Days(h Horizon) { happenedByLine(h, d.Lines) }

// Clone implements [Data].
func (d *PaymentReversed) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*PaymentReversed) About() *Who { return nil }

// PersonLines implements [Data].
func (d *PaymentReversed) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data].
func (*PaymentReversed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PaymentReversed) Place() *division.Code { return nil }

func (*PaymentReversed) private() *string { return nil }

func (d *PaymentReversed) check(c *checker) { checkReturned(c, d.RunKey(), d.Lines) }
