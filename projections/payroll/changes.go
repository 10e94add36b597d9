package payroll

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/projections/timeline"
)

// A Row is a line of an answer. Was is what stood there before if it is asked what has
// changed, and nil otherwise.
type Row struct {
	Line
	Was *Worth `json:"was,omitzero"`
}

// Worth is what a line says of money.
type Worth struct {
	Money
	DisputedDays int `json:"disputed_days"`
	Late         int `json:"late_days"`
}

func (l *Line) worth() Worth { return Worth{l.Money, l.DisputedDays, l.Late} }

// Rows returns lines as rows of which nothing was before.
func Rows(lines []Line) []Row {
	rows := make([]Row, len(lines))
	for i, l := range lines {
		rows[i].Line = l
	}
	return rows
}

// Changes returns the lines that say another thing of money now than before, by post and
// person. A line that was not there said nothing, and one that is no more says nothing.
func Changes(before, now []Line) (rows []Row) {
	type key struct {
		post   string
		person timeline.Number
	}
	was := make(map[key]*Line, len(before))
	for i := range before {
		was[key{before[i].Post, before[i].No}] = &before[i]
	}
	for _, l := range now {
		old := was[key{l.Post, l.No}]
		delete(was, key{l.Post, l.No})
		if old == nil {
			old = new(Line)
		}
		if w := old.worth(); w != l.worth() {
			rows = append(rows, Row{l, &w})
		}
	}
	for _, l := range was {
		if w := l.worth(); w != (Worth{}) {
			rows = append(rows, Row{Line{Post: l.Post, Division: l.Division, Policy: l.Policy, No: l.No}, &w})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Post, b.Post), cmp.Compare(a.No, b.No)) })
	return rows
}

// Sum returns the totals of rows.
func Sum(rows []Row) (t Totals) {
	for i := range rows {
		t.add(&rows[i].Line)
	}
	return t
}
