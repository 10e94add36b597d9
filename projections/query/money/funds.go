package money

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/fund"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

func (s *Source) funds() question.Question {
	return question.Question{
		ID: "funds", Path: "funds", Summary: "What stands in the books of each fund", Answers: "A balance for each fund.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division},
		Answer: new(Funds), Ask: s.askFunds,
	}
}

// Funds answers what stands in the books of each fund on as_of. Under a
// division: of the funds whose allocations all lie in it.
type Funds struct {
	question.Origin
	Rows   []fund.Balance `json:"rows"`
	Totals FundTotals     `json:"totals"`
}

// FundTotals are the sums of the rows.
type FundTotals struct {
	Allocated   events.Fen `json:"allocated"`
	Instructed  events.Fen `json:"instructed"`
	Settled     events.Fen `json:"settled"`
	Returned    events.Fen `json:"returned"`
	Rejected    events.Fen `json:"rejected"`
	Surrendered events.Fen `json:"surrendered"`
	Left        events.Fen `json:"left"`
}

func (t *FundTotals) add(b *fund.Balance) {
	t.Allocated += b.Allocated
	t.Instructed += b.Instructed
	t.Settled += b.Settled
	t.Returned += b.Returned
	t.Rejected += b.Rejected
	t.Surrendered += b.Surrendered
	t.Left += b.Left
}

func (s *Source) askFunds(r *question.Request) (question.Answer, error) {
	balances, err := s.books.balances(r.Context(), s.Log, r.Position, r.AsOf, r.AllSetAside())
	if err != nil {
		return nil, err
	}
	r.MadeFrom("funds", fund.Version)
	f := &Funds{Rows: []fund.Balance{}}
	for _, b := range balances {
		if b.Division.Under(r.Division) {
			f.Rows = append(f.Rows, b)
			f.Totals.add(&b)
		}
	}
	return f, nil
}

// A fundFold keeps the books of all funds up to date with the boundary payment of the
// log. The first question reads all of the boundary, later ones what is new.
type fundFold struct {
	mu    sync.Mutex
	at    log.Position // up to which the boundary was read
	books *fund.Books
}

func (f *fundFold) balances(ctx context.Context, l log.Log, known log.Position, asOf civil.Date, setAside []log.Position) ([]fund.Balance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.books == nil {
		f.books = fund.NewBooks()
	}
	for c, err := range l.Read(ctx, f.at, log.Filter{Boundary: events.Payment.Boundary()}) {
		if err != nil {
			return nil, err
		}
		payments, err := decode(c, setAside)
		if err != nil {
			return nil, err
		}
		f.books.Apply(c.Position, payments)
		f.at = c.Position
	}
	return f.books.Balances(known, asOf), nil
}

// decode returns the events of a commit. Events that were set aside are left out if they
// cannot be read.
func decode(c log.Commit, setAside []log.Position) ([]*events.Event, error) {
	all := make([]*events.Event, 0, len(c.Events))
	for i, raw := range c.Events {
		e, err := events.Decode(raw)
		if at := c.Position.Event(i); err == nil {
			all = append(all, e)
		} else if !slices.Contains(setAside, at) {
			return nil, fmt.Errorf("payment at %s: %w", at, err)
		}
	}
	return all, nil
}

// Table returns the rows, with amounts in fen.
func (f *Funds) Table() table.Table {
	t := table.Table{Columns: append(table.Text("fund", "division"), table.Numbers("allocated", "instructed", "settled", "returned", "left", "rejected", "surrendered")...)}
	for _, b := range f.Rows {
		t.Rows = append(t.Rows, append([]string{b.Fund, string(b.Division)}, fen(b.Allocated, b.Instructed, b.Settled, b.Returned, b.Left, b.Rejected, b.Surrendered)...))
	}
	return t
}
