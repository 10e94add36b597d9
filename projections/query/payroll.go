package query

import (
	"slices"
	"strconv"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/timeline"
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
	x, err := a.roll(q, payroll.Question{Division: q.division, Month: month, AsOf: q.AsOf, Known: q.known})
	if err != nil {
		return nil, err
	}
	numbers := make([]timeline.Number, len(x.Lines))
	for i := range x.Lines {
		numbers[i] = x.Lines[i].No
	}
	ids, err := q.model.PersonIDs(q.ctx, numbers)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		x.Lines[i].Person = id
	}
	if x.Lines == nil {
		x.Lines = []payroll.Line{}
	}
	return &Payroll{Month: month, Rows: x.Lines, Totals: x.Totals, Paged: q.paged(len(x.Lines), x.Total)}, nil
}

// roll makes the page of a roll that is asked for: of more than a county from a
// register of everyone, and else from the timelines.
func (a *API) roll(q *question, of payroll.Question) (*payroll.Extract, error) {
	key := rollKey{q.Generation, of}
	r := a.rolls.get(key)
	if r != nil {
		return q.extract(r), nil
	}
	book, err := a.packs.Book(q.ctx, a.Log, q.Position, q.unreadable()...)
	if err != nil {
		return nil, err
	}
	if len(of.Division) < digits[division.County] {
		g := a.registers.of(q.Generation, of.Month)
		if err := g.Read(q.ctx, q.model, q.known, q.meta.Ord); err != nil {
			return nil, err
		}
		return g.Extract(of, book, q.page.skip, q.page.limit), nil
	}
	if r, err = payroll.Make(q.ctx, q.model, of, book); err != nil {
		return nil, err
	}
	a.rolls.put(key, r)
	return q.extract(r), nil
}

// extract cuts the page out of a roll.
func (q *question) extract(r *payroll.Roll) *payroll.Extract {
	page := r.Lines[min(q.page.skip, len(r.Lines)):]
	return &payroll.Extract{Lines: slices.Clone(page[:min(q.page.limit, len(page))]), Total: len(r.Lines), Totals: r.Totals}
}

// maxRegisters is how many registers are kept: each takes 200 bytes a person and
// post of its month.
const maxRegisters = 2

// registers keep the registers asked last.
type registers struct {
	mu   sync.Mutex
	last []kept
}

type kept struct {
	generation string
	month      civil.Month
	*payroll.Register
}

func (r *registers) of(generation string, month civil.Month) *payroll.Register {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.last, func(k kept) bool { return k.generation == generation && k.month == month })
	k := kept{generation, month, nil}
	if i >= 0 {
		k = r.last[i]
		r.last = slices.Delete(r.last, i, i+1)
	} else {
		k.Register = payroll.NewRegister(month)
	}
	r.last = append(r.last, k)
	if len(r.last) > maxRegisters {
		r.last = slices.Delete(r.last, 0, 1)
	}
	return k.Register
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
