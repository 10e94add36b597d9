package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// The data of the family payment.

// FundAllocated puts earmarked money into a fund.
type FundAllocated struct {
	Fund     string        `json:"fund"`
	Division division.Code `json:"division,omitzero"` // the event's where left out
	Year     int           `json:"year"`
	Amount   Fen           `json:"amount"`
	Source   string        `json:"source,omitzero"` // where the money comes from
}

// AccountAssigned says which bank account a person is paid to from a day on.
type AccountAssigned struct {
	Who
	Account string     `json:"account,omitzero"` // token, by the engine
	Bank    string     `json:"bank"`
	From    civil.Date `json:"from,omitzero"`
	Number  string     `json:"number,omitzero"` // in a submission
	Sealed  string     `json:"sealed,omitzero"` // base64 of the number, by the engine
}

// PaymentInstructed orders a pay run, or a part of one, from a fund.
type PaymentInstructed struct {
	Run   string      `json:"run"`
	Month civil.Month `json:"month,omitzero"`
	Fund  string      `json:"fund"`
	Lines []PayLine   `json:"lines"`
}

// A PayLine is one amount to one person. Line names it in its run; Month is
// the month earned, the run's where left out.
type PayLine struct {
	Line     string      `json:"line"`
	Person   Person      `json:"person,omitzero"`
	IDNumber string      `json:"id_number,omitzero"` // in a submission
	Post     string      `json:"post"`
	Month    civil.Month `json:"month,omitzero"`
	Kind     string      `json:"kind,omitzero"` // allowance (where left out), arrears or insurance
	Amount   Fen         `json:"amount"`
}

// PaymentSettled says which lines of a run the bank paid, and when.
type PaymentSettled struct {
	Run    string        `json:"run"`
	PaidOn civil.Date    `json:"paid_on,omitzero"`
	Lines  []SettledLine `json:"lines"`
}

// A SettledLine is one line paid, to an account where it is known.
type SettledLine struct {
	Line    string `json:"line"`
	Person  Person `json:"person,omitzero"`  // whom the line pays, by the engine
	Account string `json:"account,omitzero"` // token, by the engine
	Number  string `json:"number,omitzero"`  // in a submission
}

// PaymentReturned says which settled lines came back from the bank.
type PaymentReturned struct {
	Run   string         `json:"run"`
	Lines []ReturnedLine `json:"lines"`
}

// PaymentReversed says which settled lines were taken back.
type PaymentReversed struct {
	Run   string         `json:"run"`
	Lines []ReturnedLine `json:"lines"`
}

// A ReturnedLine is one line that came back.
type ReturnedLine struct {
	Line   string     `json:"line"`
	Person Person     `json:"person,omitzero"` // whom the line paid, by the engine
	Reason string     `json:"reason,omitzero"`
	On     civil.Date `json:"on,omitzero"`
}

// Type names the event type.
func (*FundAllocated) Type() Type { return FundAllocatedType }

// Type names the event type.
func (*AccountAssigned) Type() Type { return AccountAssignedType }

// Type names the event type.
func (*PaymentInstructed) Type() Type { return PaymentInstructedType }

// Type names the event type.
func (*PaymentSettled) Type() Type { return PaymentSettledType }

// Type names the event type.
func (*PaymentReturned) Type() Type { return PaymentReturnedType }

// Type names the event type.
func (*PaymentReversed) Type() Type { return PaymentReversedType }

func (d *FundAllocated) check(c *checker) {
	c.name("fund", d.Fund)
	c.division("division", d.Division)
	c.between("year", d.Year, 1990, 2199)
	c.amount("amount", d.Amount)
	c.required("amount", d.Amount == 0)
	c.text("source", d.Source)
}

func (d *AccountAssigned) check(c *checker) {
	d.Who.check(c)
	c.name("bank", d.Bank)
	c.date("from", d.From)
	c.number("number", d.Number)
	c.engine("account", d.Account)
	c.engine("sealed", d.Sealed)
}

func (d *PaymentInstructed) check(c *checker) {
	c.name("run", d.Run)
	c.month("month", d.Month)
	c.name("fund", d.Fund)
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.name("line", l.Line)
		c.personOfLine(l.Person, l.IDNumber)
		c.name("post", l.Post)
		c.option("kind", l.Kind, "allowance", "arrears", "insurance")
		c.amount("amount", l.Amount)
		c.required("amount", l.Amount == 0)
		c.endLine()
	}
}

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

func (d *PaymentReturned) check(c *checker) { checkReturned(c, d.Run, d.Lines) }
func (d *PaymentReversed) check(c *checker) { checkReturned(c, d.Run, d.Lines) }

func checkReturned(c *checker, run string, lines []ReturnedLine) {
	c.name("run", run)
	c.lines("lines", len(lines))
	for i := range lines {
		c.line("lines", i)
		c.name("line", lines[i].Line)
		c.text("reason", lines[i].Reason)
		c.date("on", lines[i].On)
		c.enginePerson(lines[i].Person)
		c.endLine()
	}
}
