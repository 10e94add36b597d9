package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// HireSuspendedType is the type of [HireSuspended].
const HireSuspendedType Type = "hire.suspended"

// HireSuspended says that a person in place does not work for a while. From is the first
// day without work. The person keeps the seat and earns nothing. The suspension ends with
// a hire.resumed, with the exit, or on the day Until, on which the person works again.
// The agreed term runs on.
type HireSuspended struct {
	Who
	Post   string     `json:"post"`
	From   civil.Date `json:"from,omitzero"`
	Until  civil.Date `json:"until,omitzero"` // open if left out
	Reason string     `json:"reason"`
}

// Type implements [Data].
func (*HireSuspended) Type() Type { return HireSuspendedType }

// BusinessDate implements [Data].
func (d *HireSuspended) BusinessDate() string { return d.From.String() }

// Days implements [Data].
func (d *HireSuspended) Days(h Horizon) { h.Planned(Path{Name: "from"}, d.Post, d.From) }

// Clone implements [Data].
func (d *HireSuspended) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*HireSuspended) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*HireSuspended) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*HireSuspended) Place() *division.Code { return nil }

func (*HireSuspended) private() *string { return nil }

func (d *HireSuspended) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("from", d.From)
	c.interval("until", d.From, d.Until)
	c.freeWords("reason", &d.Reason, d.Person)
}
