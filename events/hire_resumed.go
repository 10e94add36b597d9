package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// HireResumedType is the type of [HireResumed].
const HireResumedType Type = "hire.resumed"

// HireResumed ends a suspension: On is the first day on which the person works again.
type HireResumed struct {
	Who
	Post string     `json:"post"`
	On   civil.Date `json:"on,omitzero"`
}

// Type implements [Data].
func (*HireResumed) Type() Type { return HireResumedType }

// BusinessDate implements [Data].
func (d *HireResumed) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *HireResumed) Days(h Horizon) { h.Planned(Path{Name: "on"}, d.Post, d.On) }

// Clone implements [Data].
func (d *HireResumed) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*HireResumed) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*HireResumed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*HireResumed) Place() *division.Code { return nil }

func (*HireResumed) private() *string { return nil }

func (d *HireResumed) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("on", d.On)
}
