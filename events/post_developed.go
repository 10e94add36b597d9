package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PostDevelopedType is the type of [PostDeveloped].
const PostDevelopedType Type = "post.developed"

// The categories and areas of posts.
var (
	postCategories = []string{"public_management", "public_service", "social_undertaking", "facility_maintenance", "social_governance"}
	postAreas      = []string{"rural", "urban"}
)

// PostDeveloped says that a post exists from a day on, and what holds of it until
// post.changed says otherwise. Of several for one post,
// which record mode takes, one holds entirely and the others count for nothing
// while it stands: the one with the earliest from; of these the one without until,
// or else with the earliest until; then the first by division, category, kind, area,
// seats, employer, fund, standard, required_days and agency.
type PostDeveloped struct {
	Post         string        `json:"post"` // chosen by the agency, unique in the deployment
	Category     string        `json:"category"`
	Kind         string        `json:"kind,omitzero"`
	Title        string        `json:"title,omitzero"`
	Employer     string        `json:"employer,omitzero"`      // 统一社会信用代码
	Division     division.Code `json:"division,omitzero"`      // the division of the event if left out
	Area         string        `json:"area"`                   // rural or urban
	Seats        int           `json:"seats"`                  // numbered from 1
	From         civil.Date    `json:"from,omitzero"`          // first day
	Until        civil.Date    `json:"until,omitzero"`         // first day no longer
	Standard     Fen           `json:"standard,omitzero"`      // allowance of a full month; the policy pack's if left out
	RequiredDays int           `json:"required_days,omitzero"` // days of a full month; the policy pack's if left out
	Fund         string        `json:"fund,omitzero"`          // the fund that pays for the post
}

// Type implements [Data].
func (*PostDeveloped) Type() Type { return PostDevelopedType }

// BusinessDate implements [Data].
func (d *PostDeveloped) BusinessDate() string { return d.From.String() }

// Days implements [Data].
func (*PostDeveloped) Days(Horizon) {}

// Clone implements [Data].
func (d *PostDeveloped) Clone() Data { return new(*d) }

// About implements [Data].
func (*PostDeveloped) About() *Who { return nil }

// PersonLines implements [Data].
func (*PostDeveloped) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PostDeveloped) Second() *SecondPerson { return nil }

// Place implements [Data].
func (d *PostDeveloped) Place() *division.Code { return &d.Division }

func (*PostDeveloped) private() *string { return nil }

func (d *PostDeveloped) check(c *checker) {
	c.name("post", d.Post)
	c.oneOf("category", d.Category, postCategories...)
	c.division("division", d.Division)
	c.oneOf("area", d.Area, postAreas...)
	c.between("seats", d.Seats, 1, 10_000)
	c.date("from", d.From)
	c.interval("until", d.From, d.Until)
	c.amount("standard", d.Standard)
	c.between("required_days", d.RequiredDays, 0, 31)
	c.text("kind", d.Kind)
	c.text("title", d.Title)
	c.text("employer", d.Employer)
	c.optionalName("fund", d.Fund)
}
