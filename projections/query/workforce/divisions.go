package workforce

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

// divisionsVersion is the version of what the question answers about given events.
const divisionsVersion = 1

func (s *Source) divisions() question.Question {
	limit := question.Limit
	limit.Most = 100_000 // a province has some 64,000
	return question.Question{
		ID: "divisions", Path: "divisions", Summary: "The table of divisions", Answers: "A row for what is said of each code, by code and first day. The answer is the table of now, also of what no longer exists.",
		Takes:  []question.Parameter{question.Division, limit, question.Cursor},
		Answer: new(Divisions), Ask: s.askDivisions,
	}
}

// A DivisionRow says for which division a code stands, from ValidFrom until the day before ValidTo.
type DivisionRow struct {
	Code      division.Code `json:"code"`
	Level     string        `json:"level"`
	Name      string        `json:"name"`
	ValidFrom civil.Date    `json:"valid_from,omitzero"` // left out is always
	ValidTo   civil.Date    `json:"valid_to,omitzero"`   // first day on which the code no longer holds
	Successor division.Code `json:"successor,omitzero"`
}

// Divisions answers which divisions there are and were.
type Divisions struct {
	question.Origin
	Rows []DivisionRow `json:"rows"`
	question.Paged
}

func (s *Source) askDivisions(r *question.Request) (question.Answer, error) {
	r.MadeFrom("divisions", divisionsVersion)
	if err := s.Editions.CatchUp(r.Context()); err != nil {
		return nil, err
	}
	rows, n := []DivisionRow{}, 0
	for said := range s.Editions.Table().Statements(r.Division) {
		if r.Page.Shows(n) {
			rows = append(rows, DivisionRow{said.Code, said.Code.Level().String(), said.Name, said.ValidFrom, said.ValidTo, said.Successor})
		}
		n++
	}
	return &Divisions{Rows: rows, Paged: r.Paged(len(rows), n)}, nil
}

// Table returns the rows, in the form in which a table of divisions is loaded.
func (d *Divisions) Table() table.Table {
	t := table.Table{Columns: []table.Column{{Name: "code"}, {Name: "level"}, {Name: "name"}, {Name: "valid_from"}, {Name: "valid_to"}, {Name: "successor"}}}
	for _, r := range d.Rows {
		t.Rows = append(t.Rows, []string{string(r.Code), r.Level, r.Name, r.ValidFrom.String(), r.ValidTo.String(), string(r.Successor)})
	}
	return t
}
