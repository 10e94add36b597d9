package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// HirePlacedType is the type of [HirePlaced].
const HirePlacedType Type = "hire.placed"

// HirePlaced puts a person on a seat of a post from the on-duty day on. Only
// an exit ends it; Until is the end of the agreed term.
//
// StandingInFor names a person on the seat who is suspended. While that lasts, both have
// the seat. When the suspended person leaves, the hire goes on as any other. Records of
// before 1.1 stand in for nobody.
type HirePlaced struct {
	Who
	Post       string      `json:"post"`
	Seat       int         `json:"seat,omitzero"` // the lowest free seat if left out
	From       civil.Date  `json:"from,omitzero"`
	Until      civil.Date  `json:"until,omitzero"`
	Group      string      `json:"group"`
	BirthMonth civil.Month `json:"birth_month,omitzero"` // set by the engine from the identity number
	Sex        string      `json:"sex,omitzero"`         // F or M; set by the engine from the identity number
	Review     *Reviewed   `json:"review,omitzero"`
	Publicity  *Publicity  `json:"publicity,omitzero"`
	Agreement  *Agreement  `json:"agreement,omitzero"`

	StandingInFor         Person `json:"standing_in_for,omitzero"`           // the suspended person
	StandingInForIDNumber string `json:"standing_in_for_id_number,omitzero"` // the same, only in a submission
}

// groups are the groups of persons in hardship. Snapshots of folds hold their indexes: a new
// group goes to the end.
var groups = [...]string{"older", "out_of_poverty", "low_income", "disabled", "zero_employment_family", "other"}

// Groups returns the groups of persons in hardship. Policy packs say whom they take in. The
// caller must not change them.
func Groups() []string { return groups[:] }

// Reviewed says when the agency checked the person's papers.
type Reviewed struct {
	On civil.Date `json:"on,omitzero"`
}

// Publicity says when the placement was published for objections.
type Publicity struct {
	From  civil.Date `json:"from,omitzero"`
	Until civil.Date `json:"until,omitzero"`
}

// Agreement is the signed contract.
type Agreement struct {
	Number string     `json:"number"`
	Signed civil.Date `json:"signed,omitzero"`
	Until  civil.Date `json:"until,omitzero"`
}

// Type implements [Data].
func (*HirePlaced) Type() Type { return HirePlacedType }

// BusinessDate implements [Data].
func (d *HirePlaced) BusinessDate() string { return d.From.String() }

// Days implements [Data].
func (d *HirePlaced) Days(h Horizon) { h.Planned(Path{Name: "from"}, d.Post, d.From) }

// Clone implements [Data].
func (d *HirePlaced) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*HirePlaced) PersonLines() PersonLines { return nil }

// Second implements [Data]: the person that is stood in for.
func (d *HirePlaced) Second() *SecondPerson {
	return &SecondPerson{"standing_in_for", &d.StandingInFor, "standing_in_for_id_number", &d.StandingInForIDNumber}
}

// Place implements [Data].
func (*HirePlaced) Place() *division.Code { return nil }

func (*HirePlaced) private() *string { return nil }

func (d *HirePlaced) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.between("seat", d.Seat, 0, 10_000)
	c.date("from", d.From)
	c.interval("until", d.From, d.Until)
	c.oneOf("group", d.Group, groups[:]...)
	c.engine("birth_month", d.BirthMonth.String())
	c.engine("sex", d.Sex)
	if d.Review != nil {
		c.date("review.on", d.Review.On)
	}
	if p := d.Publicity; p != nil {
		c.date("publicity.from", p.From)
		c.date("publicity.until", p.Until)
		c.interval("publicity.until", p.From, p.Until)
	}
	if a := d.Agreement; a != nil {
		c.words("agreement.number", a.Number)
		c.date("agreement.signed", a.Signed)
		c.interval("agreement.until", a.Signed, a.Until)
	}
	c.second(d.Second())
}
