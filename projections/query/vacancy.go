package query

import (
	"cmp"
	"strconv"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/vacancy"
)

// VacancyRow is a seat with nobody on it.
type VacancyRow struct {
	Post     string        `json:"post"`
	Seat     int           `json:"seat"`
	Division division.Code `json:"division"`
	Category string        `json:"category"`
	Since    civil.Date    `json:"vacant_since"`
	Age      int           `json:"age_days"`
	Over     bool          `json:"over_limit"` // of the backfill days of the pack in force
	Reason   string        `json:"reason"`     // exit code, or never_filled
}

// TimeToFill says how many days vacancies lasted that were filled by as_of.
type TimeToFill struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
}

// Vacancies answers the seats vacant on as_of, the longest vacant first.
type Vacancies struct {
	Origin
	Rows []VacancyRow `json:"rows"`
	Paged
	TimeToFill TimeToFill `json:"time_to_fill_days"`
}

// neverFilled is the reason of a seat that nobody has had.
const neverFilled = "never_filled"

func (a *API) vacancies(q *question) (answer, error) {
	if err := q.uses(vacancy.ViewName); err != nil {
		return nil, err
	}
	book, err := a.packs.Book(q.ctx, a.Log, q.Position, q.unreadable()...)
	if err != nil {
		return nil, err
	}
	c := a.cubeOf(q)
	spans, err := c.vacancies.refresh(q.ctx, q.model, vacancy.ViewName, &c.cells, c.least)
	if err != nil {
		return nil, err
	}
	filled, err := a.read(q, vacancy.FilledViewName)
	if err != nil {
		return nil, err
	}
	page, total := q.page.cut(spans.stab(q.division, q.known, q.AsOf))
	v := &Vacancies{Rows: make([]VacancyRow, len(page)), Paged: q.paged(len(page), total)}
	for i, key := range page {
		r, n := &v.Rows[i], uint32(key)
		if r.Post, err = q.model.PostName(q.ctx, spans.post[n]); err != nil {
			return nil, err
		}
		cell := spans.cell[n]
		r.Seat, r.Since, r.Age = int(spans.seat[n]), spans.since[n], int(q.AsOf-spans.since[n])
		r.Division, r.Category = division.Code(spans.cells.value(byDivision, cell)), spans.cells.value(byCategory, cell)
		r.Reason = cmp.Or(spans.cells.value(byReason, cell), neverFilled)
		if pack := book.InForce(r.Division, q.AsOf); pack != nil {
			r.Over = r.Age > pack.Backfill.Days
		}
	}
	v.TimeToFill = timeToFill(c.group(&filled, filled.cells, &extent{q.division, nil}), q.known, q.AsOf)
	return v, nil
}

// timeToFill looks at all vacancies filled by as_of.
func timeToFill(g *grouping, known uint64, asOf civil.Date) (t TimeToFill) {
	var count []int // vacancies by the days they lasted
	g.each(known, asOf, func(l *ledger, class, _ int32, n int) {
		days := int(l.classes.measure[class])
		if days >= len(count) {
			count = append(count, make([]int, days+1-len(count))...)
		}
		count[days] += n
	})
	total, sum := 0, 0
	for days, n := range count {
		total += n
		sum += n * days
	}
	if total == 0 {
		return t
	}
	// at returns the i-th shortest.
	at := func(i int) int {
		for days, n := range count {
			if i -= n; i < 0 {
				return days
			}
		}
		return 0
	}
	t.Mean = float64((200*sum+total)/(2*total)) / 100 // two decimals, half up
	t.Median = float64(at((total-1)/2)+at(total/2)) / 2
	return t
}

func (v *Vacancies) table() (header []string, rows [][]string) {
	header = []string{"post", "seat", "division", "category", "vacant_since", "age_days", "over_limit", "reason"}
	for _, r := range v.Rows {
		rows = append(rows, []string{r.Post, strconv.Itoa(r.Seat), string(r.Division), r.Category, r.Since.String(), strconv.Itoa(r.Age), strconv.FormatBool(r.Over), r.Reason})
	}
	return header, rows
}
