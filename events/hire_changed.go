package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// HireChangedType is the type of [HireChanged].
const HireChangedType Type = "hire.changed"

// HireChanged moves a person in place to another group: Group holds from the day On on,
// until the exit or the next change.
type HireChanged struct {
	Who
	Post  string     `json:"post"`
	On    civil.Date `json:"on,omitzero"`
	Group string     `json:"group"`
}

// Type implements [Data].
func (*HireChanged) Type() Type { return HireChangedType }

// BusinessDate implements [Data].
func (d *HireChanged) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *HireChanged) Days(h Horizon) { h.Planned(Path{Name: "on"}, d.Post, d.On) }

// Clone implements [Data].
func (d *HireChanged) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*HireChanged) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*HireChanged) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*HireChanged) Place() *division.Code { return nil }

func (*HireChanged) private() *string { return nil }

func (d *HireChanged) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("on", d.On)
	c.oneOf("group", d.Group, groups[:]...)
}
