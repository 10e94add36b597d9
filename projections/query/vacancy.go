package query

import (
	"maps"
	"slices"
	"strconv"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
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
	if err := q.uses("vacancy"); err != nil {
		return nil, err
	}
	book, err := a.packs.book(q.ctx, a.Log, q.Position)
	if err != nil {
		return nil, err
	}
	v := &Vacancies{Rows: []VacancyRow{}}
	total := 0
	err = q.model.Spans(q.ctx, "vacancy", q.AsOf, q.known, q.division, func(s readmodel.Span) {
		if total++; total <= q.page.skip || len(v.Rows) == q.page.limit {
			return
		}
		r := VacancyRow{
			Post: s.Post, Seat: s.Seat, Division: s.Cell.Division, Category: s.Cell.Category,
			Since: s.Since, Age: int(q.AsOf - s.Since), Reason: s.Cell.Reason,
		}
		if r.Reason == "" {
			r.Reason = neverFilled
		}
		if pack := book.InForce(r.Division, q.AsOf); pack != nil {
			r.Over = r.Age > pack.Backfill.Days
		}
		v.Rows = append(v.Rows, r)
	})
	if err != nil {
		return nil, err
	}
	v.Paged = q.paged(len(v.Rows), total)
	v.TimeToFill, err = a.timeToFill(q)
	return v, err
}

// timeToFill looks at all vacancies filled by as_of.
func (a *API) timeToFill(q *question) (t TimeToFill, err error) {
	views, cells, err := a.read(q, "filled")
	if err != nil {
		return t, err
	}
	g, r := cells.group(q.division, nil), views[0]
	count := map[int32]int{} // vacancies by the days they lasted
	for i := range r.upTo(q.known) {
		if r.date[i] <= q.AsOf && int(g.of[r.cell[i]]) < g.n {
			count[r.measure[i]] += int(r.n[i])
		}
	}
	days := slices.Sorted(maps.Keys(count))
	total, sum := 0, 0
	for _, d := range days {
		total += count[d]
		sum += count[d] * int(d)
	}
	if total == 0 {
		return t, nil
	}
	// at returns the i-th shortest.
	at := func(i int) int {
		for _, d := range days {
			if i -= count[d]; i < 0 {
				return int(d)
			}
		}
		return 0
	}
	t.Mean = float64((200*sum+total)/(2*total)) / 100 // two decimals, half up
	t.Median = float64(at((total-1)/2)+at(total/2)) / 2
	return t, nil
}

func (v *Vacancies) table() (header []string, rows [][]string) {
	header = []string{"post", "seat", "division", "category", "vacant_since", "age_days", "over_limit", "reason"}
	for _, r := range v.Rows {
		rows = append(rows, []string{r.Post, strconv.Itoa(r.Seat), string(r.Division), r.Category, r.Since.String(), strconv.Itoa(r.Age), strconv.FormatBool(r.Over), r.Reason})
	}
	return header, rows
}
