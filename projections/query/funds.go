package query

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/fund"
)

// Funds answers what stands in the books of each fund on as_of. Under a
// division: of the funds whose allocations all lie in it.
type Funds struct {
	Origin
	Rows   []fund.Balance `json:"rows"`
	Totals FundTotals     `json:"totals"`
}

// FundTotals are the sums of the rows.
type FundTotals struct {
	Allocated  events.Fen `json:"allocated"`
	Instructed events.Fen `json:"instructed"`
	Settled    events.Fen `json:"settled"`
	Returned   events.Fen `json:"returned"`
	Left       events.Fen `json:"left"`
}

func (a *API) funds(q *question) (answer, error) {
	balances, err := a.money.balances(q.ctx, a.Log, q.Position, q.AsOf, q.unreadable())
	if err != nil {
		return nil, err
	}
	q.Views = map[string]int{"funds": 1}
	f := &Funds{Rows: []fund.Balance{}}
	for _, b := range balances {
		if !b.Division.Under(q.division) {
			continue
		}
		f.Rows = append(f.Rows, b)
		t := &f.Totals
		t.Allocated += b.Allocated
		t.Instructed += b.Instructed
		t.Settled += b.Settled
		t.Returned += b.Returned
		t.Left += b.Left
	}
	return f, nil
}

// A till holds what the boundary payment of the log says. It is read on from
// where it was left; the first question reads all of it.
type till struct {
	mu     sync.Mutex
	at     log.Position
	ledger *fund.Ledger
}

func (t *till) balances(ctx context.Context, l log.Log, known log.Position, asOf civil.Date, setAside []log.Position) ([]fund.Balance, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ledger == nil {
		t.ledger = fund.NewLedger()
	}
	for c, err := range l.Read(ctx, t.at, log.Filter{Boundary: events.Payment.Boundary()}) {
		if err != nil {
			return nil, err
		}
		all := make([]*events.Event, 0, len(c.Events))
		for i, raw := range c.Events {
			e, err := events.Decode(raw)
			if at := c.Position.Event(i); err == nil {
				all = append(all, e)
			} else if !slices.Contains(setAside, at) {
				return nil, fmt.Errorf("payment at %s: %w", at, err)
			}
		}
		t.ledger.Apply(c.Position, all)
		t.at = c.Position
	}
	return t.ledger.Balances(known, asOf), nil
}

func (f *Funds) table() (header []string, rows [][]string) {
	header = []string{"fund", "division", "allocated", "instructed", "settled", "returned", "left"}
	for _, b := range f.Rows {
		row := []string{b.Fund, string(b.Division)}
		for _, n := range []events.Fen{b.Allocated, b.Instructed, b.Settled, b.Returned, b.Left} {
			row = append(row, strconv.FormatInt(int64(n), 10))
		}
		rows = append(rows, row)
	}
	return header, rows
}
