package workforce

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/headcount"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

const (
	// maxDays is how many days a series has at most: ten years.
	maxDays = 3660
	// maxNumbers is how many numbers a series is made of at most.
	maxNumbers = 2_000_000
)

func (s *Source) series() question.Question {
	return question.Question{
		ID: "headcountSeries", Path: "headcount/series", Summary: "People in place, day by day", Answers: "Counts by day and by what was asked for.",
		Takes:  []question.Parameter{question.KnownAt, question.Division, by, question.From, question.To, question.FigureLimit, question.Cursor},
		Answer: new(Series), Ask: s.askSeries,
	}
}

// Series answers the headcount of each day, of whatever has people in place on
// one of the days.
type Series struct {
	question.Origin
	From civil.Date     `json:"from"`
	To   civil.Date     `json:"to"`
	Rows []HeadcountRow `json:"rows"`          // by what they are broken down by, then by date
	Next string         `json:"next,omitzero"` // cursor of the next page

	by []cube.By
}

// NextPage returns the cursor of the next page, empty on the last one.
func (s *Series) NextPage() string { return s.Next }

func (s *Source) askSeries(r *question.Request) (question.Answer, error) {
	by, err := axes(r)
	if err != nil {
		return nil, err
	}
	from, to, err := days(r)
	if err != nil {
		return nil, err
	}
	f, err := s.figures(r, headcount.ViewName)
	if err != nil {
		return nil, err
	}
	g := f.Group(r.Division, by)
	counts, err := dailyCounts(g, r.Known, from, to, len(by) == 0)
	if err != nil {
		return nil, err
	}
	a := &Series{From: from, To: to, Rows: []HeadcountRow{}, by: by}
	rows := 0
	for group, counts := range counts {
		if counts == nil {
			continue
		}
		labels := labels(g.Labels(group))
		for day, n := range counts {
			if r.Page.Shows(rows) {
				a.Rows = append(a.Rows, HeadcountRow{Day: from + civil.Date(day), Labels: labels, Headcount: int(n)})
			}
			rows++
		}
	}
	a.Next = r.Next(len(a.Rows), rows)
	return a, nil
}

// dailyCounts returns how many people are in each group on each day. A group without
// people on any of the days has no counts, unless empty is set.
func dailyCounts(g *cube.Grouping, known uint64, from, to civil.Date, empty bool) ([][]int32, error) {
	c := dailyCounter{days: int(to-from) + 1, byGroup: make([][]int32, g.Len())}
	for group, n := range g.Sums(known, from) {
		if n != 0 || empty {
			c.of(group)[0] = int32(n)
		}
	}
	g.Changes(known, from+1, to, func(group int, on civil.Date, n int32) { c.of(group)[on-from] += n })
	if c.groups*c.days > maxNumbers {
		return nil, question.InvalidParameter(by.Name, events.Say(
			"makes up to %d rows on each of %d days, and %d are the most of an answer; ask for fewer days, dimensions or divisions",
			"每天最多%d行、共%d天，而一次结果最多%d行；请减少天数、维度或区划", c.groups, c.days, maxNumbers))
	}
	for group, counts := range c.byGroup {
		if !addUp(counts) && !empty {
			c.byGroup[group] = nil
		}
	}
	return c.byGroup, nil
}

// A dailyCounter holds for each group the count of the first day, and what each later
// day adds.
type dailyCounter struct {
	days    int
	byGroup [][]int32
	groups  int     // that have numbers
	excess  []int32 // shared by the groups beyond maxNumbers, whose numbers are not used
}

// of returns the numbers of a group.
func (c *dailyCounter) of(group int) []int32 {
	if c.byGroup[group] == nil {
		c.groups++
		if c.groups*c.days <= maxNumbers {
			c.byGroup[group] = make([]int32, c.days)
			return c.byGroup[group]
		}
		if c.excess == nil {
			c.excess = make([]int32, c.days)
		}
		c.byGroup[group] = c.excess
	}
	return c.byGroup[group]
}

// addUp turns what each day adds into counts, and reports whether one is not 0.
func addUp(counts []int32) (any bool) {
	n := int32(0)
	for day := range counts {
		n += counts[day]
		counts[day] = n
		any = any || n != 0
	}
	return any
}

// days reads the parameters from and to.
func days(r *question.Request) (from, to civil.Date, err error) {
	if from, err = r.Date("from"); err != nil {
		return 0, 0, err
	}
	if to, err = r.Date("to"); err != nil {
		return 0, 0, err
	}
	switch {
	case from == 0:
		return 0, 0, question.InvalidParameter("from", events.Say("is required: the first day, as YYYY-MM-DD", "为必填项：第一天，格式为YYYY-MM-DD"))
	case to == 0:
		return 0, 0, question.InvalidParameter("to", events.Say("is required: the last day, as YYYY-MM-DD", "为必填项：最后一天，格式为YYYY-MM-DD"))
	case to < from || int(to-from) >= maxDays:
		return 0, 0, question.InvalidParameter("to", events.Say("must be from 0 to %d days after from", "须在from之后0至%d天", maxDays-1))
	}
	return from, to, nil
}

// Table returns the rows with a column for the date and one for each axis.
func (s *Series) Table() table.Table { return headcountTable(table.Text("date"), s.by, s.Rows) }
