package events

import (
	"strconv"
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// FundAllocatedType is the type of [FundAllocated].
const FundAllocatedType Type = "fund.allocated"

// FundAllocated puts earmarked money into a fund.
type FundAllocated struct {
	Fund     string        `json:"fund"`
	Division division.Code `json:"division,omitzero"` // the division of the event if left out
	Year     int           `json:"year"`
	Amount   Fen           `json:"amount"`
	Source   string        `json:"source,omitzero"` // where the money comes from

	// On is the day of the allocation. Where a submission leaves it out, the service writes
	// the day of the decision. A record without it is of before 1.1: see Day.
	On civil.Date `json:"on,omitzero"`

	// UsableUntil is the last day on which an order may take this money; open if left out.
	UsableUntil civil.Date `json:"usable_until,omitzero"`
}

// Day returns the day from which the fund holds the money: On, and in a record of before
// 1.1 the first day of the year.
func (d *FundAllocated) Day() civil.Date {
	if d.On != 0 {
		return d.On
	}
	return civil.On(d.Year, time.January, 1)
}

// Type implements [Data].
func (*FundAllocated) Type() Type { return FundAllocatedType }

// BusinessDate implements [Data].
func (d *FundAllocated) BusinessDate() string { return strconv.Itoa(d.Year) }

// Days implements [Data].
func (*FundAllocated) Days(Horizon) {}

// Clone implements [Data].
func (d *FundAllocated) Clone() Data { return new(*d) }

// About implements [Data].
func (*FundAllocated) About() *Who { return nil }

// PersonLines implements [Data].
func (*FundAllocated) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*FundAllocated) Second() *SecondPerson { return nil }

// Place implements [Data].
func (d *FundAllocated) Place() *division.Code { return &d.Division }

func (*FundAllocated) private() *string { return nil }

func (d *FundAllocated) check(c *checker) {
	c.name("fund", d.Fund)
	c.division("division", d.Division)
	c.between("year", d.Year, 1990, 2199)
	c.amount("amount", d.Amount)
	c.required("amount", d.Amount == 0)
	c.text("source", d.Source)
	c.interval("usable_until", d.On, d.UsableUntil)
}
