package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// FundSurrenderedType is the type of [FundSurrendered].
const FundSurrenderedType Type = "fund.surrendered"

// FundSurrendered says that money of a fund was handed back on a day, such as what is left
// at the end of the year. The fund holds less from that day on; nothing before it changes.
type FundSurrendered struct {
	Fund   string     `json:"fund"`
	On     civil.Date `json:"on,omitzero"`
	Amount Fen        `json:"amount"`
	Reason string     `json:"reason"`
}

// Type implements [Data].
func (*FundSurrendered) Type() Type { return FundSurrenderedType }

// BusinessDate implements [Data].
func (d *FundSurrendered) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *FundSurrendered) Days(h Horizon) { h.Happened(Path{Name: "on"}, d.On) }

// Clone implements [Data].
func (d *FundSurrendered) Clone() Data { return new(*d) }

// About implements [Data].
func (*FundSurrendered) About() *Who { return nil }

// PersonLines implements [Data].
func (*FundSurrendered) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*FundSurrendered) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*FundSurrendered) Place() *division.Code { return nil }

func (*FundSurrendered) private() *string { return nil }

func (d *FundSurrendered) check(c *checker) {
	c.name("fund", d.Fund)
	c.date("on", d.On)
	c.amount("amount", d.Amount)
	c.required("amount", d.Amount == 0)
	c.words("reason", d.Reason)
}
