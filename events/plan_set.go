package events

import (
	"strconv"

	"github.com/muster-works/muster/events/division"
)

// PlanSetType is the type of [PlanSet].
const PlanSetType Type = "plan.set"

// PlanSet says how many posts a division is to develop in a year. The last one
// for a division, year and area holds.
type PlanSet struct {
	Division division.Code `json:"division,omitzero"` // the division of the event if left out
	Year     int           `json:"year"`
	Area     string        `json:"area"`
	Posts    int           `json:"posts"` // seats planned
}

// Type implements [Data].
func (*PlanSet) Type() Type { return PlanSetType }

// BusinessDate implements [Data].
func (d *PlanSet) BusinessDate() string { return strconv.Itoa(d.Year) }

// Days implements [Data].
func (*PlanSet) Days(Horizon) {}

// Clone implements [Data].
func (d *PlanSet) Clone() Data { return new(*d) }

// About implements [Data].
func (*PlanSet) About() *Who { return nil }

// PersonLines implements [Data].
func (*PlanSet) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PlanSet) Second() *SecondPerson { return nil }

// Place implements [Data].
func (d *PlanSet) Place() *division.Code { return &d.Division }

func (*PlanSet) private() *string { return nil }

func (d *PlanSet) check(c *checker) {
	c.division("division", d.Division)
	c.between("year", d.Year, 1990, 2199)
	c.oneOf("area", d.Area, "rural", "urban")
	c.between("posts", d.Posts, 0, 10_000_000)
	c.required("posts", d.Posts == 0)
}
