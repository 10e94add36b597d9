package workforce

import (
	"strconv"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/projections/timeline"
)

// placementsVersion is the version of what the question answers about given events.
//
// Version 2: standing and estimated, and the group of as_of.
const placementsVersion = 2

func (s *Source) placements() question.Question {
	return question.Question{
		ID: "placements", Path: "placements", Summary: "Who is in place, and who is so against the rules", Answers: "A row for each placement, by post, seat and on-duty day.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, only, question.Limit, question.Cursor},
		Answer: new(Placements), Ask: s.askPlacements,
	}
}

// only leaves out rows that are in order.
var only = question.Parameter{Name: "only", About: "only placements that are over_age or over_term, or against_rules: one of both", Pattern: "^(over_age|over_term|against_rules)?$"}

// A PlacementRow is a person in place on as_of.
type PlacementRow struct {
	Person   uuid.UUID     `json:"person"`
	Post     string        `json:"post"`
	Seat     int           `json:"seat"`
	Division division.Code `json:"division"`
	Group    string        `json:"group"` // on as_of
	Sex      string        `json:"sex"`
	From     civil.Date    `json:"from"`
	Until    civil.Date    `json:"until,omitzero"` // end of the agreed term, renewals included; left out where none was agreed

	TermEndsInDays *int        `json:"term_ends_in_days,omitzero"` // from as_of; below zero if the term has ended
	OverTerm       bool        `json:"over_term"`                  // the agreed term has ended
	OverAge        bool        `json:"over_age"`                   // too old for the group by the pack in force on as_of
	AgeLimit       civil.Month `json:"age_limit,omitzero"`         // last month in which the person is young enough; left out where the month of birth is unknown
	Standing       string      `json:"standing"`                   // working, suspended or stand_in
	Estimated      string      `json:"estimated,omitzero"`         // month or year: the person leaves on a day of as_of's month or year that nobody knows
	Placements     int         `json:"placements"`                 // of the person up to this one, on any post
	Months         int         `json:"months"`                     // in place up to as_of, on all posts; thirty days beside whole months are a month
}

// Placements answers who is in place on as_of.
type Placements struct {
	question.Origin
	Rows []PlacementRow `json:"rows"`
	question.Paged
	Totals PlacementTotals `json:"totals"` // of all pages
}

// PlacementTotals count placements of the whole list.
type PlacementTotals struct {
	OverAge  int `json:"over_age"`
	OverTerm int `json:"over_term"`

	Suspended int `json:"suspended"`
	StandIns  int `json:"stand_ins"`
	Estimated int `json:"estimated"` // who leave on a day of as_of's month or year that nobody knows
}

func (s *Source) askPlacements(r *question.Request) (question.Answer, error) {
	which := r.Get("only")
	if which != "" && which != "over_age" && which != "over_term" && which != "against_rules" {
		return nil, question.InvalidParameter("only", events.Say("want over_age, over_term or against_rules", "须为over_age、over_term或against_rules"))
	}
	r.MadeFrom("placements", placementsVersion)
	list, err := s.placementList(r, which)
	if err != nil {
		return nil, err
	}
	page := question.Cut(r.Page, list.placed)
	answer := &Placements{Paged: r.Paged(len(page), len(list.placed)), Totals: list.totals}
	answer.Rows, err = placementRows(r, list, page)
	return answer, err
}

// placementRows returns the rows of a page, with what is known of the persons.
func placementRows(r *question.Request, list *placementList, page []inPlace) ([]PlacementRow, error) {
	rows, numbers := make([]PlacementRow, len(page)), make([]timeline.Number, len(page))
	for i := range page {
		rows[i], numbers[i] = list.row(&page[i], r.AsOf), page[i].person
	}
	careers := map[timeline.Number]*timeline.Person{}
	err := r.Model.Persons(r.Context(), numbers, r.Known, func(no timeline.Number, p *timeline.Person) { careers[no] = p })
	if err != nil {
		return nil, err
	}
	ids, err := r.Model.PersonIDs(r.Context(), numbers)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Person = ids[i]
		if p := careers[numbers[i]]; p != nil {
			rows[i].Placements, rows[i].Months = career(p, &rows[i], r.AsOf)
		}
	}
	return rows, nil
}

// career returns how many placements a person had up to the one of a row, and how many
// months the person had been in place by a day.
func career(p *timeline.Person, row *PlacementRow, asOf civil.Date) (placements, months int) {
	days := 0
	for _, placed := range p.Placements() {
		if placed.Empty() || placed.From > asOf {
			continue
		}
		if placed.From <= row.From {
			placements++
		}
		until := asOf + 1
		if placed.Exit != 0 {
			until = min(until, placed.Exit)
		}
		m, d := placed.From.MonthsUntil(until)
		months, days = months+m, days+d
	}
	return placements, months + days/30
}

// Table returns the rows.
func (p *Placements) Table() table.Table {
	t := table.Table{Columns: []table.Column{
		{Name: "person"}, {Name: "post"}, {Name: "seat", Number: true}, {Name: "division"}, {Name: "group"}, {Name: "sex"}, {Name: "from"}, {Name: "until"},
		{Name: "term_ends_in_days", Number: true}, {Name: "over_term"}, {Name: "over_age"}, {Name: "age_limit"}, {Name: "standing"}, {Name: "estimated"}, {Name: "placements", Number: true}, {Name: "months", Number: true},
	}}
	for _, r := range p.Rows {
		left := ""
		if r.TermEndsInDays != nil {
			left = strconv.Itoa(*r.TermEndsInDays)
		}
		t.Rows = append(t.Rows, []string{
			r.Person.String(), r.Post, strconv.Itoa(r.Seat), string(r.Division), r.Group, r.Sex, r.From.String(), r.Until.String(),
			left, strconv.FormatBool(r.OverTerm), strconv.FormatBool(r.OverAge), r.AgeLimit.String(), r.Standing, r.Estimated, strconv.Itoa(r.Placements), strconv.Itoa(r.Months),
		})
	}
	return t
}
