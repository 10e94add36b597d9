package query

import (
	"fmt"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/headcount"
)

const (
	// maxDays bounds a series: ten years.
	maxDays = 3660
	// maxSeries is how many numbers a series is made of at most.
	maxSeries = 2_000_000
)

// Series answers the headcount of each day, of whatever has people in place on
// one of the days.
type Series struct {
	Origin
	From civil.Date     `json:"from"`
	To   civil.Date     `json:"to"`
	Rows []HeadcountRow `json:"rows"`          // by what they are broken down by, then by date
	Next string         `json:"next,omitzero"` // cursor of the next page

	by []axis
}

func (s *Series) next() string { return s.Next }

func (a *API) series(q *question) (answer, error) {
	by, err := q.axes()
	if err != nil {
		return nil, err
	}
	from, to, err := q.days()
	if err != nil {
		return nil, err
	}
	f, err := a.read(q, headcount.ViewName)
	if err != nil {
		return nil, err
	}
	g, days := a.cubeOf(q).group(&f, f.cells, &extent{q.division, by}), int(to-from)+1
	counts := make([][]int32, len(g.keys)) // by group: on the first day, then what each day adds
	groups := 0                            // in use
	var spare []int32                      // of what is too much
	use := func(group int) []int32 {
		if counts[group] == nil {
			if groups++; groups*days <= maxSeries || spare == nil {
				spare = make([]int32, days)
			}
			counts[group] = spare
		}
		return counts[group]
	}
	for group, n := range g.sums(q.known, from) {
		if n != 0 || len(by) == 0 {
			use(group)[0] = int32(n)
		}
	}
	g.changes(q.known, from+1, to, func(group int32, e *entry) { use(int(group))[e.date-from] += e.n })
	if groups*days > maxSeries {
		return nil, bad("by", fmt.Sprintf("makes up to %d rows on each of %d days, and %d are the most of an answer; ask for fewer days, dimensions or divisions", groups, days, maxSeries))
	}
	s := &Series{From: from, To: to, Rows: []HeadcountRow{}, by: by}
	seen := 0
	for group, counts := range counts {
		n, there := int32(0), len(by) == 0
		for d := range counts {
			n += counts[d]
			counts[d] = n
			there = there || n != 0
		}
		if !there {
			continue
		}
		for d, n := range counts {
			if q.page.shows(seen) {
				r := headcountRow(g, group, int(n))
				r.Day = from + civil.Date(d)
				s.Rows = append(s.Rows, r)
			}
			seen++
		}
	}
	s.Next = q.paged(len(s.Rows), seen).Next
	return s, nil
}

// days reads the parameters from and to.
func (q *question) days() (from, to civil.Date, err error) {
	if from, err = q.date("from"); err != nil {
		return 0, 0, err
	}
	if to, err = q.date("to"); err != nil {
		return 0, 0, err
	}
	switch {
	case from == 0:
		return 0, 0, bad("from", "is required: the first day, as YYYY-MM-DD")
	case to == 0:
		return 0, 0, bad("to", "is required: the last day, as YYYY-MM-DD")
	case to < from || int(to-from) >= maxDays:
		return 0, 0, bad("to", fmt.Sprintf("must be from 0 to %d days after from", maxDays-1))
	}
	return from, to, nil
}

func (s *Series) table() ([]string, [][]string) { return headcountTable(s.by, s.Rows, true) }
