package query_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

// What follows is all that a new question is made of. It is what a file in a package
// beside package question would hold; there, the declaration is a method of the Source
// and stands in its list Questions.

// seats declares the question GET /v1/seats.
func seats(cubes *cube.Latest) question.Question {
	return question.Question{
		ID: "seats", Path: "seats", Summary: "Seats on posts", Answers: "The seats of each category.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division},
		Answer: new(Seats), Ask: func(r *question.Request) (question.Answer, error) { return askSeats(cubes, r) },
	}
}

// SeatsRow counts the seats of a category.
type SeatsRow struct {
	Category string `json:"category"`
	Seats    int    `json:"seats"`
}

// Seats answers how many seats there are on as_of, by category.
type Seats struct {
	question.Origin
	Rows []SeatsRow `json:"rows"`
}

func askSeats(cubes *cube.Latest, r *question.Request) (question.Answer, error) {
	if err := r.UseView(plan.DevelopedViewName); err != nil {
		return nil, err
	}
	figures, err := cubes.Of(r.Generation).Figures(r.Context(), r.Model, plan.DevelopedViewName)
	if err != nil {
		return nil, err
	}
	g := figures.Group(r.Division, []cube.By{{Axis: view.Category}})
	s := new(Seats)
	for group, n := range g.Sums(r.Known, r.AsOf) {
		if n != 0 {
			s.Rows = append(s.Rows, SeatsRow{*g.Labels(group)[view.Category], n})
		}
	}
	return s, nil
}

// Table returns the rows.
func (s *Seats) Table() table.Table {
	t := table.Table{Columns: append(table.Text("category"), table.Numbers("seats")...)}
	for _, r := range s.Rows {
		t.Rows = append(t.Rows, []string{r.Category, strconv.Itoa(r.Seats)})
	}
	return t
}

// Goal: the declaration above is all that a question needs to be served, checked and
// exported. Method: serve it, and ask it in every way.
func TestNewQuestion(t *testing.T) {
	w := programme(t)
	w.handler = (&question.Server{Model: w.dir, Zone: shanghai}).Handler(seats(new(cube.Latest)))
	answer := ask[Seats](w, "/v1/seats?as_of=2022-04-12")
	if len(answer.Rows) != 1 || answer.Rows[0] != (SeatsRow{"public_service", 2}) || answer.Views[plan.DevelopedViewName] != 1 || answer.Position.String() != "10-0" {
		t.Errorf("%+v", answer)
	}
	if answer := ask[Seats](w, "/v1/seats?as_of=2022-05-02&known_at=2022-03-31"); len(answer.Rows) != 0 {
		t.Errorf("before the posts were known: %+v", answer)
	}
	if got, want := w.get("/v1/seats?as_of=2022-05-02&division=37", "text/csv").Body.String(), "category,seats\nfacility_maintenance,2\npublic_service,3\n"; got != want {
		t.Errorf("as CSV %q, want %q", got, want)
	}
	if rec := w.get("/v1/seats?as_of=2022-05-02", table.XLSX); rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != table.XLSX {
		t.Errorf("as a workbook: %d %v", rec.Code, rec.Header())
	}
	if p := w.refused("/v1/seats?as_of=2022-05-02&by=sex"); !strings.HasPrefix(p.Detail, "by: is not a parameter of this question; it takes as_of, known_at, division, at_least") {
		t.Errorf("%+v", p)
	}
}
