package workforce

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/projections/timeline"
)

// postsVersion is the version of what the question answers about given events.
const postsVersion = 1

func (s *Source) posts() question.Question {
	return question.Question{
		ID: "posts", Path: "posts", Summary: "The posts that there are", Answers: "A row for each post that is open on as_of, by name.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, question.Limit, question.Cursor},
		Answer: new(Posts), Ask: s.askPosts,
	}
}

// A PostRow is a post as it is on as_of.
type PostRow struct {
	Post         string        `json:"post"`
	Division     division.Code `json:"division"`
	Category     string        `json:"category"`
	Kind         string        `json:"kind"`
	Area         string        `json:"area"`
	Employer     string        `json:"employer,omitzero"`
	Fund         string        `json:"fund,omitzero"`
	Agency       string        `json:"agency"` // that answers for the post
	Seats        int           `json:"seats"`
	Taken        int           `json:"taken"` // seats, by people who work or are suspended
	From         civil.Date    `json:"from"`
	Until        civil.Date    `json:"until,omitzero"` // first day on which the post is no longer there
	Standard     events.Fen    `json:"standard,omitzero"`
	RequiredDays int           `json:"required_days,omitzero"`
}

// Posts answers which posts are open on as_of.
type Posts struct {
	question.Origin
	Rows []PostRow `json:"rows"`
	question.Paged
}

func (s *Source) askPosts(r *question.Request) (question.Answer, error) {
	r.MadeFrom("posts", postsVersion)
	var rows []PostRow
	err := r.Model.PostsUnder(r.Context(), r.Division, r.Known, func(_ timeline.Number, name string, p *timeline.Post) {
		if row, open := postRow(name, p, r.AsOf); open && row.Division.Under(r.Division) {
			rows = append(rows, row)
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b PostRow) int { return strings.Compare(a.Post, b.Post) })
	page := slices.Clone(question.Cut(r.Page, rows))
	return &Posts{Rows: append([]PostRow{}, page...), Paged: r.Paged(len(page), len(rows))}, nil
}

// postRow returns the row of a post, and false if it is not open on a day.
func postRow(name string, p *timeline.Post, asOf civil.Date) (row PostRow, open bool) {
	a, developed := p.Periods().On(asOf)
	if !developed || asOf < a.From || a.Until != 0 && asOf >= a.Until {
		return row, false
	}
	row = PostRow{
		Post: strings.Clone(name), Division: division.Code(strings.Clone(string(a.Division))), Category: strings.Clone(a.Category), Kind: strings.Clone(a.Kind),
		Area: strings.Clone(a.Area), Employer: strings.Clone(a.Employer), Fund: strings.Clone(a.Fund), Agency: strings.Clone(a.Agency),
		From: a.From, Until: a.Until, Standard: a.Standard, RequiredDays: a.RequiredDays,
	}
	for _, step := range p.Seats() {
		if step.From <= asOf {
			row.Seats = step.Seats
		}
	}
	for _, placed := range p.Placements() {
		if placed.Holds(asOf) && placed.On(asOf).Standing != timeline.StandIn {
			row.Taken++
		}
	}
	return row, true
}

// Table returns the rows.
func (p *Posts) Table() table.Table {
	t := table.Table{Columns: []table.Column{
		{Name: "post"}, {Name: "division"}, {Name: "category"}, {Name: "kind"}, {Name: "area"}, {Name: "employer"}, {Name: "fund"}, {Name: "agency"},
		{Name: "seats", Number: true}, {Name: "taken", Number: true}, {Name: "from"}, {Name: "until"}, {Name: "standard", Number: true}, {Name: "required_days", Number: true},
	}}
	for _, r := range p.Rows {
		t.Rows = append(t.Rows, []string{
			r.Post, string(r.Division), r.Category, r.Kind, r.Area, r.Employer, r.Fund, r.Agency, strconv.Itoa(r.Seats), strconv.Itoa(r.Taken),
			r.From.String(), r.Until.String(), strconv.FormatInt(int64(r.Standard), 10), strconv.Itoa(r.RequiredDays),
		})
	}
	return t
}
