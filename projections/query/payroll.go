package query

import (
	"slices"
	"strconv"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/payroll"
)

// Payroll answers what a month was worth to everyone who was in place on a post
// of the division in that month or was paid for it, and what was paid by as_of;
// see payroll.Roll.
type Payroll struct {
	Origin
	Month  civil.Month    `json:"month"`
	Rows   []payroll.Line `json:"rows"`
	Totals payroll.Totals `json:"totals"` // of all pages
	Paged
}

func (a *API) payroll(q *question) (answer, error) {
	month, err := civil.ParseMonth(q.params.Get("month"))
	if err != nil {
		return nil, bad("month", "is required: a month that exists, as YYYY-MM, in the years 1900 to 2199")
	}
	q.Views = map[string]int{"payroll": payroll.Version}
	key := rollKey{q.Generation, payroll.Question{Division: q.division, Month: month, AsOf: q.AsOf, Known: q.known}}
	r := a.rolls.get(key)
	if r == nil {
		book, err := a.packs.Book(q.ctx, a.Log, q.Position, q.unreadable()...)
		if err != nil {
			return nil, err
		}
		if r, err = payroll.Make(q.ctx, q.model, key.Question, book); err != nil {
			return nil, err
		}
		a.rolls.put(key, r)
	}
	page := r.Lines[min(q.page.skip, len(r.Lines)):]
	page = slices.Clone(page[:min(q.page.limit, len(page))])
	for i := range page {
		if page[i].Person, err = q.model.PersonID(q.ctx, page[i].No); err != nil {
			return nil, err
		}
	}
	return &Payroll{Month: month, Rows: page, Totals: r.Totals, Paged: q.paged(len(page), len(r.Lines))}, nil
}

type rollKey struct {
	generation string
	payroll.Question
}

// rolls keeps the roll made last, for its next pages.
type rolls struct {
	mu   sync.Mutex
	key  rollKey
	last *payroll.Roll
}

func (r *rolls) get(key rollKey) *payroll.Roll {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != key {
		return nil
	}
	return r.last
}

func (r *rolls) put(key rollKey, made *payroll.Roll) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key, r.last = key, made
}

func (p *Payroll) table() (header []string, rows [][]string) {
	header = []string{"person", "post", "division", "entitled", "instructed", "settled", "returned", "difference", "late_days", "policyversion"}
	for _, r := range p.Rows {
		row := []string{r.Person.String(), r.Post, string(r.Division)}
		for _, n := range []int64{int64(r.Entitled), int64(r.Instructed), int64(r.Settled), int64(r.Returned), int64(r.Difference), int64(r.Late)} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, append(row, r.Policy))
	}
	return header, rows
}
