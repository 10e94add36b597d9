package workforce

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

func (s *Source) plan() question.Question {
	return question.Question{
		ID: "plan", Path: "plan", Summary: "Planned, developed and placed", Answers: "The plan of the year against what is.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division},
		Answer: new(Plan), Ask: s.askPlan,
	}
}

// PlanFigures set what was planned beside what is, in seats and people. Placed counts people
// in place, suspended ones included, and not those who stand in for them.
type PlanFigures struct {
	Planned      int              `json:"planned"`
	Developed    int              `json:"developed"`
	Placed       int              `json:"placed"`
	DevelopedPct question.Percent `json:"developed_pct"` // of planned
	PlacedPct    question.Percent `json:"placed_pct"`    // of planned
}

func (f *PlanFigures) round() {
	f.DevelopedPct, f.PlacedPct = question.PercentOf(f.Developed, f.Planned), question.PercentOf(f.Placed, f.Planned)
}

func (f *PlanFigures) add(o *PlanFigures) {
	f.Planned, f.Developed, f.Placed = f.Planned+o.Planned, f.Developed+o.Developed, f.Placed+o.Placed
}

// PlanRow is the plan of one division.
type PlanRow struct {
	Division division.Code `json:"division"`
	Name     string        `json:"name,omitzero"`
	PlanFigures
}

// Plan answers the plan of the year of as_of against what is on as_of.
type Plan struct {
	question.Origin
	PlanFigures
	Rows []PlanRow `json:"rows"` // of the level under the asked division
}

func (s *Source) askPlan(r *question.Request) (question.Answer, error) {
	figures, err := s.planFigures(r)
	if err != nil {
		return nil, err
	}
	p, names := &Plan{Rows: []PlanRow{}}, s.Editions.Table()
	for _, label := range slices.Sorted(maps.Keys(figures)) {
		f := figures[label]
		p.add(f)
		f.round()
		code := division.Code(label)
		p.Rows = append(p.Rows, PlanRow{code, names.Name(code), *f})
	}
	p.round()
	return p, nil
}

// planFigures returns the figures of the divisions under the asked one, by code.
func (s *Source) planFigures(r *question.Request) (map[string]*PlanFigures, error) {
	level := cube.By{Axis: view.Division, Level: levelBelow(r.Division)}
	all := map[string]*PlanFigures{}
	for _, part := range []struct {
		view  string
		by    []cube.By
		count func(*PlanFigures) *int
	}{
		{plan.PlannedViewName, []cube.By{level}, func(f *PlanFigures) *int { return &f.Planned }},
		{plan.DevelopedViewName, []cube.By{level}, func(f *PlanFigures) *int { return &f.Developed }},
		{headcount.ViewName, []cube.By{level, {Axis: view.Standing}}, func(f *PlanFigures) *int { return &f.Placed }},
	} {
		figures, err := s.figures(r, part.view)
		if err != nil {
			return nil, err
		}
		g := figures.Group(r.Division, part.by)
		for group, n := range g.Sums(r.Known, r.AsOf) {
			labels := g.Labels(group)
			if standing := labels[view.Standing]; n == 0 || standing != nil && *standing == timeline.StandIn {
				continue // a seat counts once, also if somebody stands in for the person on it
			}
			code := *labels[view.Division]
			if all[code] == nil {
				all[code] = new(PlanFigures)
			}
			*part.count(all[code]) += n
		}
	}
	return all, nil
}

// levelBelow returns the level of the divisions that a prefix is divided into.
func levelBelow(prefix string) division.Level {
	if prefix == "" {
		return division.Prefecture
	}
	asked := division.Code(prefix + strings.Repeat("0", 12-len(prefix)))
	return min(asked.Level()+1, division.Village)
}

// Table returns the rows.
func (p *Plan) Table() table.Table {
	t := table.Table{Columns: append(table.Text("division", "name"), table.Numbers("planned", "developed", "placed", "developed_pct", "placed_pct")...)}
	for _, r := range p.Rows {
		t.Rows = append(t.Rows, []string{string(r.Division), r.Name, strconv.Itoa(r.Planned), strconv.Itoa(r.Developed), strconv.Itoa(r.Placed), r.DevelopedPct.String(), r.PlacedPct.String()})
	}
	return t
}
