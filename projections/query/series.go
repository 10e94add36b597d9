package query

import (
	"fmt"
	"slices"

	"github.com/muster-works/muster/events/civil"
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
	f, err := a.read(q, "headcount")
	if err != nil {
		return nil, err
	}
	x, days := &extent{q.division, q.known, by}, int(to-from)+1
	g := a.cubeOf(q).group(f.cells, q.division, by)
	counts := make([][]int32, len(g.keys)) // by group: on the first day, then what each day adds
	add := func(c *classes, class int32, day, n int) {
		no := g.number(g.key(c, class))
		if no == len(counts) {
			counts = append(counts, nil)
		}
		if len(counts)*days > maxSeries {
			return
		}
		if counts[no] == nil {
			counts[no] = make([]int32, days)
		}
		counts[no][day] += int32(n)
	}
	f.sums(x, from, func(c *classes, class int32, n int) { add(c, class, 0, n) })
	f.changes(x, from+1, to, func(c *classes, e *entry) { add(c, e.class, int(e.date-from), int(e.n)) })
	if len(counts)*days > maxSeries {
		return nil, bad("by", fmt.Sprintf("makes up to %d rows on each of %d days, and %d are the most of an answer; ask for fewer days, dimensions or divisions", len(counts), days, maxSeries))
	}
	s := &Series{From: from, To: to, Rows: []HeadcountRow{}, by: by}
	seen := 0
	for _, no := range g.sorted() {
		n, there := 0, len(by) == 0
		all := slices.Grow(counts[no], days)[:days]
		for d := range all {
			n += int(all[d])
			all[d] = int32(n)
			there = there || n != 0
		}
		if !there {
			continue
		}
		for d, n := range all {
			if q.page.shows(seen) {
				r := headcountRow(g, no, int(n))
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
