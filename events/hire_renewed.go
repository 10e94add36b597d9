package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// HireRenewedType is the type of [HireRenewed].
const HireRenewedType Type = "hire.renewed"

// HireRenewed moves the end of the agreed term.
type HireRenewed struct {
	Who
	Post  string     `json:"post"`
	Until civil.Date `json:"until,omitzero"`
}

// Type implements [Data].
func (*HireRenewed) Type() Type { return HireRenewedType }

// BusinessDate implements [Data].
func (d *HireRenewed) BusinessDate() string { return d.Until.String() }

// Days implements [Data].
func (*HireRenewed) Days(Horizon) {}

// Clone implements [Data].
func (d *HireRenewed) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*HireRenewed) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*HireRenewed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*HireRenewed) Place() *division.Code { return nil }

func (*HireRenewed) private() *string { return nil }

func (d *HireRenewed) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("until", d.Until)
}
