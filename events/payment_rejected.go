package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PaymentRejectedType is the type of [PaymentRejected].
const PaymentRejectedType Type = "payment.rejected"

// PaymentRejected says which ordered lines the bank refused on a day, before it credited
// anything. The money of the lines is free in the fund from that day on. A rejected line may
// be ordered again, corrected, or given up.
type PaymentRejected struct {
	Run       string         `json:"run"`
	OrderedBy string         `json:"ordered_by,omitzero"` // whose run it is, see [RunKey]
	On        civil.Date     `json:"on,omitzero"`
	Lines     []RejectedLine `json:"lines"`
}

// A RejectedLine is one line that was not credited. Amount is what was open of it: ordered,
// and neither settled nor rejected before. The service writes it into the record, where the
// line was ordered before it was rejected; without it, the whole line is meant.
type RejectedLine struct {
	Line   string `json:"line"`
	Person Person `json:"person,omitzero"` // the person that the line pays; set by the engine
	Reason string `json:"reason,omitzero"`
	Amount Fen    `json:"amount,omitzero"` // set by the engine
}

// RunKey implements [RunData].
func (d *PaymentRejected) RunKey() RunKey { return RunKey{d.OrderedBy, d.Run} }

// FirstLine implements [RunData].
func (d *PaymentRejected) FirstLine() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].Line
}

// Type implements [Data].
func (*PaymentRejected) Type() Type { return PaymentRejectedType }

// BusinessDate implements [Data].
func (d *PaymentRejected) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *PaymentRejected) Days(h Horizon) { h.Happened(Path{Name: "on"}, d.On) }

// Clone implements [Data].
func (d *PaymentRejected) Clone() Data {
	c := *d
	c.PersonLines().own()
	return &c
}

// About implements [Data].
func (*PaymentRejected) About() *Who { return nil }

// PersonLines implements [Data].
func (d *PaymentRejected) PersonLines() PersonLines { return linesOf(&d.Lines) }

// Second implements [Data].
func (*PaymentRejected) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PaymentRejected) Place() *division.Code { return nil }

func (*PaymentRejected) private() *string { return nil }

func (d *PaymentRejected) check(c *checker) {
	d.RunKey().check(c)
	c.date("on", d.On)
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.name("line", l.Line)
		c.freeText("reason", &l.Reason, l.Person)
		c.enginePerson(l.Person)
		c.engineAmount("amount", l.Amount)
		c.endLine()
	}
}

func (l *RejectedLine) person() *Person   { return &l.Person }
func (l *RejectedLine) idNumber() *string { return nil }
func (l *RejectedLine) private() *string  { return nil }
