package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// The data of the families post, hire and exit.

// PlanSet says how many posts a division is to develop in a year. The last one
// for a division, year and area holds.
type PlanSet struct {
	Division division.Code `json:"division,omitzero"` // the event's where left out
	Year     int           `json:"year"`
	Area     string        `json:"area"`
	Posts    int           `json:"posts"` // seats planned
}

// PostDeveloped says that a post exists from a day on. Of several for one post,
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
	Division     division.Code `json:"division,omitzero"`      // the event's where left out
	Area         string        `json:"area"`                   // rural or urban
	Seats        int           `json:"seats"`                  // numbered from 1
	From         civil.Date    `json:"from,omitzero"`          // first day
	Until        civil.Date    `json:"until,omitzero"`         // first day no longer
	Standard     Fen           `json:"standard,omitzero"`      // allowance of a full month; the pack's where left out
	RequiredDays int           `json:"required_days,omitzero"` // days of a full month; the pack's where left out
	Fund         string        `json:"fund,omitzero"`          // pays for it
}

// PostResized changes the number of seats from a day on.
type PostResized struct {
	Post  string     `json:"post"`
	Seats int        `json:"seats"`
	From  civil.Date `json:"from,omitzero"`
}

// PostClosed ends a post: On is the first day it is no more.
type PostClosed struct {
	Post   string     `json:"post"`
	On     civil.Date `json:"on,omitzero"`
	Reason string     `json:"reason,omitzero"`
}

// Who is the person an event is about: by pseudonym, or in a submission by
// identity.
type Who struct {
	Person   Person    `json:"person,omitzero"`
	Identity *Identity `json:"identity,omitzero"`
}

// An Identity is who a person is. A submission gives the first four in clear;
// the vault keeps them, and the record holds only what the vault put in their
// place.
type Identity struct {
	IDNumber  string `json:"id_number,omitzero"`
	Name      string `json:"name,omitzero"`
	Phone     string `json:"phone,omitzero"`
	Household string `json:"household,omitzero"`

	Sealed         string `json:"sealed,omitzero"`          // base64 of the above under the person's own key
	NameToken      string `json:"name_token,omitzero"`      // equal for equal names
	PhoneToken     string `json:"phone_token,omitzero"`     // equal for equal phones
	HouseholdToken string `json:"household_token,omitzero"` // equal for equal households
}

// HirePlaced puts a person on a seat of a post from the on-duty day on. Only
// an exit ends it; Until is the end of the agreed term.
type HirePlaced struct {
	Who
	Post       string      `json:"post"`
	Seat       int         `json:"seat,omitzero"` // the lowest free one where left out
	From       civil.Date  `json:"from,omitzero"`
	Until      civil.Date  `json:"until,omitzero"`
	Group      string      `json:"group"`
	BirthMonth civil.Month `json:"birth_month,omitzero"` // by the engine, from the ID number
	Sex        string      `json:"sex,omitzero"`         // by the engine: F or M
	Review     *Reviewed   `json:"review,omitzero"`
	Publicity  *Publicity  `json:"publicity,omitzero"`
	Agreement  *Agreement  `json:"agreement,omitzero"`
}

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

// HireRenewed moves the end of the agreed term.
type HireRenewed struct {
	Who
	Post  string     `json:"post"`
	Until civil.Date `json:"until,omitzero"`
}

// ExitRecorded ends a placement: On is the first day the person is no longer
// in place.
type ExitRecorded struct {
	Who
	Post string     `json:"post"`
	On   civil.Date `json:"on,omitzero"`
	Kind string     `json:"kind"` // natural or dismissal
	Code string     `json:"code"` // of the policy pack in force
	Note string     `json:"note,omitzero"`
}

// Type names the event type.
func (*PlanSet) Type() Type { return PlanSetType }

// Type names the event type.
func (*PostDeveloped) Type() Type { return PostDevelopedType }

// Type names the event type.
func (*PostResized) Type() Type { return PostResizedType }

// Type names the event type.
func (*PostClosed) Type() Type { return PostClosedType }

// Type names the event type.
func (*HirePlaced) Type() Type { return HirePlacedType }

// Type names the event type.
func (*HireRenewed) Type() Type { return HireRenewedType }

// Type names the event type.
func (*ExitRecorded) Type() Type { return ExitRecordedType }

func (d *PlanSet) check(c *checker) {
	c.division("division", d.Division)
	c.between("year", d.Year, 1990, 2199)
	c.oneOf("area", d.Area, "rural", "urban")
	c.between("posts", d.Posts, 0, 10_000_000)
	c.required("posts", d.Posts == 0)
}

func (d *PostDeveloped) check(c *checker) {
	c.name("post", d.Post)
	c.oneOf("category", d.Category, "public_management", "public_service", "social_undertaking", "facility_maintenance", "social_governance")
	c.division("division", d.Division)
	c.oneOf("area", d.Area, "rural", "urban")
	c.between("seats", d.Seats, 1, 10_000)
	c.date("from", d.From)
	c.interval("until", d.From, d.Until)
	c.amount("standard", d.Standard)
	c.between("required_days", d.RequiredDays, 0, 31)
	c.text("kind", d.Kind)
	c.text("title", d.Title)
	c.text("employer", d.Employer)
	c.text("fund", d.Fund)
}

func (d *PostResized) check(c *checker) {
	c.name("post", d.Post)
	c.between("seats", d.Seats, 0, 10_000)
	c.required("seats", d.Seats == 0)
	c.date("from", d.From)
}

func (d *PostClosed) check(c *checker) {
	c.name("post", d.Post)
	c.date("on", d.On)
	c.text("reason", d.Reason)
}

func (d *HirePlaced) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.between("seat", d.Seat, 0, 10_000)
	c.date("from", d.From)
	c.interval("until", d.From, d.Until)
	c.oneOf("group", d.Group, "older", "out_of_poverty", "low_income", "disabled", "zero_employment_family", "other")
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
		c.name("agreement.number", a.Number)
		c.date("agreement.signed", a.Signed)
		c.interval("agreement.until", a.Signed, a.Until)
	}
}

func (d *HireRenewed) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("until", d.Until)
}

func (d *ExitRecorded) check(c *checker) {
	d.Who.check(c)
	c.name("post", d.Post)
	c.date("on", d.On)
	c.oneOf("kind", d.Kind, "natural", "dismissal")
	c.name("code", d.Code)
	c.text("note", d.Note)
}

func (w *Who) check(c *checker) {
	c.person("person", w.Person, w.Identity != nil, "identity")
	if id := w.Identity; id != nil {
		if id.IDNumber != "" || w.Person == (Person{}) {
			c.idNumber("identity.id_number", id.IDNumber)
		}
		c.private("identity.name", id.Name)
		c.private("identity.phone", id.Phone)
		c.private("identity.household", id.Household)
		c.engine("identity.sealed", id.Sealed)
		c.engine("identity.name_token", id.NameToken)
		c.engine("identity.phone_token", id.PhoneToken)
		c.engine("identity.household_token", id.HouseholdToken)
	}
}
