package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PostChangedType is the type of [PostChanged].
const PostChangedType Type = "post.changed"

// PostChanged changes what holds of a post, from a day on. A member that is left out
// keeps what it was; at least one is given. On the days before On everything stays as it
// was, whenever the event is recorded.
//
// The value of a member on a day is that of the last change of the member up to that
// day, or else what post.developed says. Of several changes of one member from one day,
// which record mode takes, the largest value holds: of texts the last in the order of
// their bytes. A change from a day before the post begins holds from its first day on.
//
// With Division the post moves to another division. On every day the division of an
// event about the post is the one in which the post lies on the business date of the
// event, or one above it.
type PostChanged struct {
	Post         string        `json:"post"`
	On           civil.Date    `json:"on,omitzero"` // first day on which the change holds
	Category     string        `json:"category,omitzero"`
	Kind         string        `json:"kind,omitzero"`
	Title        string        `json:"title,omitzero"`
	Employer     string        `json:"employer,omitzero"`      // 统一社会信用代码
	Division     division.Code `json:"division,omitzero"`      // where the post lies from then on; the agency answers for both divisions
	Area         string        `json:"area,omitzero"`          // rural or urban
	Standard     Fen           `json:"standard,omitzero"`      // allowance of a full month
	RequiredDays int           `json:"required_days,omitzero"` // days of a full month
	Fund         string        `json:"fund,omitzero"`          // the fund that pays for the post
}

// Type implements [Data].
func (*PostChanged) Type() Type { return PostChangedType }

// BusinessDate implements [Data].
func (d *PostChanged) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *PostChanged) Days(h Horizon) { h.Planned(Path{Name: "on"}, d.Post, d.On) }

// Clone implements [Data].
func (d *PostChanged) Clone() Data { return new(*d) }

// About implements [Data].
func (*PostChanged) About() *Who { return nil }

// PersonLines implements [Data].
func (*PostChanged) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PostChanged) Second() *SecondPerson { return nil }

// Place implements [Data]. A change without a division leaves the post where it is: it
// has no field that the division of the event could fill in.
func (d *PostChanged) Place() *division.Code {
	if d.Division == "" {
		return nil
	}
	return &d.Division
}

func (*PostChanged) private() *string { return nil }

// Changed returns the names of the members that the event changes, in the order of the
// struct.
func (d *PostChanged) Changed() (names []string) {
	for _, m := range [...]struct {
		name  string
		given bool
	}{
		{"category", d.Category != ""}, {"kind", d.Kind != ""}, {"title", d.Title != ""}, {"employer", d.Employer != ""},
		{"division", d.Division != ""}, {"area", d.Area != ""}, {"standard", d.Standard != 0}, {"required_days", d.RequiredDays != 0},
		{"fund", d.Fund != ""},
	} {
		if m.given {
			names = append(names, m.name)
		}
	}
	return names
}

func (d *PostChanged) check(c *checker) {
	c.name("post", d.Post)
	c.date("on", d.On)
	if c.rules == nil && d.Changed() == nil {
		c.add(Missing, "category", Say(
			"nothing is changed: give at least one of category, kind, title, employer, division, area, standard, required_days, fund",
			"没有任何变更：category、kind、title、employer、division、area、standard、required_days、fund至少填一项"))
	}
	c.option("category", d.Category, postCategories...)
	c.text("kind", d.Kind)
	c.text("title", d.Title)
	c.text("employer", d.Employer)
	c.division("division", d.Division)
	c.option("area", d.Area, postAreas...)
	c.amount("standard", d.Standard)
	c.between("required_days", d.RequiredDays, 0, 31)
	c.optionalName("fund", d.Fund)
}
