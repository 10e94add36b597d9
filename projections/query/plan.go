package query

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/plan"
)

// A Percent is hundredths of a per cent; it prints as a number with two
// decimals.
type Percent int

// percent is 100 × part ÷ whole, rounded half up to two decimals; nothing of
// nothing is 0.
func percent(part, whole int) Percent {
	if whole <= 0 {
		return 0
	}
	return Percent((20000*part + whole) / (2 * whole))
}

func (p Percent) String() string {
	s := strconv.Itoa(int(p))
	if len(s) < 3 {
		s = strings.Repeat("0", 3-len(s)) + s
	}
	return s[:len(s)-2] + "." + s[len(s)-2:]
}

// MarshalJSON writes a number, not a string.
func (p Percent) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Percent) UnmarshalJSON(b []byte) error {
	whole, part, _ := strings.Cut(string(b), ".")
	n, err := strconv.Atoi(whole + part)
	if err != nil || len(part) != 2 {
		return fmt.Errorf("per cent %s: want a number with two decimals", b)
	}
	*p = Percent(n)
	return nil
}

// PlanFigures set what was planned beside what is, in seats and people.
type PlanFigures struct {
	Planned      int     `json:"planned"`
	Developed    int     `json:"developed"`
	Placed       int     `json:"placed"`
	DevelopedPct Percent `json:"developed_pct"` // of planned
	PlacedPct    Percent `json:"placed_pct"`    // of planned
}

func (f *PlanFigures) round() {
	f.DevelopedPct, f.PlacedPct = percent(f.Developed, f.Planned), percent(f.Placed, f.Planned)
}

// PlanRow is the plan of one division.
type PlanRow struct {
	Division division.Code `json:"division"`
	Name     string        `json:"name,omitzero"`
	PlanFigures
}

// Plan answers the plan of the year of as_of against what is on as_of.
type Plan struct {
	Origin
	PlanFigures
	Rows []PlanRow `json:"rows"` // of the level under the asked division
}

func (a *API) plan(q *question) (answer, error) {
	level := division.Prefecture
	if q.division != "" {
		asked := division.Code(q.division + strings.Repeat("0", 12-len(q.division)))
		level = min(asked.Level()+1, division.Village)
	}
	var views [3]figures
	for i, view := range []string{plan.PlannedViewName, plan.DevelopedViewName, headcount.ViewName} {
		var err error
		if views[i], err = a.read(q, view); err != nil {
			return nil, err
		}
	}
	cells := views[2].cells // read last, so these are the cells of all
	figures := map[string]*PlanFigures{}
	for i, member := range []func(*PlanFigures) *int{
		func(f *PlanFigures) *int { return &f.Planned }, func(f *PlanFigures) *int { return &f.Developed }, func(f *PlanFigures) *int { return &f.Placed },
	} {
		g := a.cubeOf(q).group(&views[i], cells, &extent{q.division, []axis{{byDivision, level}}})
		for group, n := range g.sums(q.known, q.AsOf) {
			if n != 0 {
				label := *g.label(group, 0)
				if figures[label] == nil {
					figures[label] = new(PlanFigures)
				}
				*member(figures[label]) = n
			}
		}
	}
	p := &Plan{Rows: []PlanRow{}}
	for _, label := range slices.Sorted(maps.Keys(figures)) {
		f := *figures[label]
		p.Planned, p.Developed, p.Placed = p.Planned+f.Planned, p.Developed+f.Developed, p.Placed+f.Placed
		f.round()
		code := division.Code(label)
		p.Rows = append(p.Rows, PlanRow{code, a.Divisions.Name(code), f})
	}
	p.round()
	return p, nil
}

func (p *Plan) table() (header []string, rows [][]string) {
	header = []string{"division", "name", "planned", "developed", "placed", "developed_pct", "placed_pct"}
	for _, r := range p.Rows {
		rows = append(rows, []string{string(r.Division), r.Name, strconv.Itoa(r.Planned), strconv.Itoa(r.Developed), strconv.Itoa(r.Placed), r.DevelopedPct.String(), r.PlacedPct.String()})
	}
	return header, rows
}
