package query

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
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
	Rows       []VacancyRow `json:"rows"`
	Total      int          `json:"total"` // of all pages
	Next       string       `json:"next,omitzero"`
	TimeToFill TimeToFill   `json:"time_to_fill_days"`
}

// neverFilled is the reason of a seat that nobody has had.
const neverFilled = "never_filled"

func (a *API) vacancies(q *question) (any, error) {
	skip, limit, err := q.page()
	if err != nil {
		return nil, err
	}
	book, err := a.book(q.ctx)
	if err != nil {
		return nil, err
	}
	v := &Vacancies{Rows: []VacancyRow{}}
	err = q.model.Spans(q.ctx, "vacancy", q.AsOf, q.known, q.division, func(s readmodel.Span) {
		if v.Total++; v.Total <= skip || len(v.Rows) == limit {
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
	v.Next = next(skip, len(v.Rows), v.Total)
	if v.TimeToFill, err = a.timeToFill(q); err != nil {
		return nil, err
	}
	q.View, q.Version = "vacancy", q.meta.Views["vacancy"]
	v.Origin = q.Origin
	return v, nil
}

// timeToFill looks at all vacancies filled by as_of.
func (a *API) timeToFill(q *question) (t TimeToFill, err error) {
	c, err := a.columns(q, "filled")
	if err != nil {
		return t, err
	}
	g := c.group(q.label(nil))
	count, total := map[int32]int{}, 0
	for i := range c.upTo(q.known) {
		if c.date[i] <= q.AsOf && g.of[c.cell[i]] >= 0 {
			count[c.measure[i]] += int(c.n[i])
			total += int(c.n[i])
		}
	}
	if total <= 0 {
		return t, nil
	}
	days := make([]int32, 0, len(count))
	sum := 0
	for d, n := range count {
		days = append(days, d)
		sum += int(d) * n
	}
	slices.Sort(days)
	// at returns the i-th shortest.
	at := func(i int) float64 {
		for _, d := range days {
			if i -= count[d]; i < 0 {
				return float64(d)
			}
		}
		return 0
	}
	t.Mean = float64(int(100*float64(sum)/float64(total)+0.5)) / 100
	t.Median = (at((total-1)/2) + at(total/2)) / 2
	return t, nil
}

func (v *Vacancies) table() (header []string, rows [][]string) {
	header = []string{"post", "seat", "division", "category", "vacant_since", "age_days", "over_limit", "reason"}
	for _, r := range v.Rows {
		rows = append(rows, []string{r.Post, strconv.Itoa(r.Seat), string(r.Division), r.Category, r.Since.String(), strconv.Itoa(r.Age), strconv.FormatBool(r.Over), r.Reason})
	}
	return header, rows
}

// book folds the packs adopted so far from the log's policy boundary. Reading
// it costs one look at the boundary's head when there is nothing new.
func (a *API) book(ctx context.Context) (*policy.Book, error) {
	a.packs.Lock()
	defer a.packs.Unlock()
	for c, err := range a.Log.Read(ctx, a.packs.at, log.Filter{Boundary: events.Policy.Boundary()}) {
		if err != nil {
			return nil, err
		}
		for i, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				return nil, fmt.Errorf("policy at %s: %w", c.Position.Event(i), err)
			}
			if p, ok := e.Data.(*events.PolicyAdopted); ok {
				a.packs.book.Adopt(&p.Pack)
			}
		}
		a.packs.at = c.Position
	}
	book := a.packs.book
	return &book, nil
}
