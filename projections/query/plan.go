package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
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

func (a *API) plan(q *question) (any, error) {
	level := division.Prefecture
	if code := q.division + strings.Repeat("0", 12-len(q.division)); len(q.division) > 0 {
		level = min(division.Code(code).Level()+1, division.Village)
	}
	label := func(c *readmodel.Cell) []string {
		if !c.Division.Under(q.division) {
			return nil
		}
		return []string{string(c.Division.At(level))}
	}
	p := &Plan{Rows: []PlanRow{}}
	rows := map[string]*PlanRow{}
	for _, part := range []struct {
		view string
		of   func(*PlanFigures) *int
	}{
		{"planned", func(f *PlanFigures) *int { return &f.Planned }},
		{"developed", func(f *PlanFigures) *int { return &f.Developed }},
		{"headcount", func(f *PlanFigures) *int { return &f.Placed }},
	} {
		c, err := a.columns(q, part.view)
		if err != nil {
			return nil, err
		}
		g := c.group(label)
		for i, n := range c.sums(g, 0, q.known, q.AsOf) {
			code := g.labels[i][0]
			if rows[code] == nil {
				rows[code] = &PlanRow{Division: division.Code(code), Name: a.Divisions.Name(division.Code(code))}
			}
			*part.of(&rows[code].PlanFigures) += n
			*part.of(&p.PlanFigures) += n
		}
	}
	for _, r := range rows {
		if r.PlanFigures != (PlanFigures{}) {
			r.round()
			p.Rows = append(p.Rows, *r)
		}
	}
	slices.SortFunc(p.Rows, func(a, b PlanRow) int { return strings.Compare(string(a.Division), string(b.Division)) })
	p.round()
	q.View, q.Version = "plan", q.meta.Views["developed"]
	p.Origin = q.Origin
	return p, nil
}

func (p *Plan) table() (header []string, rows [][]string) {
	header = []string{"division", "name", "planned", "developed", "placed", "developed_pct", "placed_pct"}
	for _, r := range p.Rows {
		rows = append(rows, []string{string(r.Division), r.Name, strconv.Itoa(r.Planned), strconv.Itoa(r.Developed), strconv.Itoa(r.Placed), r.DevelopedPct.String(), r.PlacedPct.String()})
	}
	return header, rows
}
