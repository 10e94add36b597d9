package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
)

// A Tally counts what became of each agency's submissions, so that refusals,
// which are not in the log, become a matter of record. It is safe for
// concurrent use.
type Tally struct {
	mu       sync.Mutex
	agencies map[string]*events.SubmissionsTallied
}

// NewTally returns an empty tally.
func NewTally() *Tally { return &Tally{agencies: map[string]*events.SubmissionsTallied{}} }

// Count adds the receipts of an agency. A rejected event counts under the code
// of its first reason.
func (t *Tally) Count(agency string, receipts []events.Receipt) {
	if len(receipts) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := t.agencies[agency]
	if sum == nil {
		sum = &events.SubmissionsTallied{Agency: agency}
		t.agencies[agency] = sum
	}
	for _, r := range receipts {
		switch r.Status {
		case events.Accepted:
			sum.Accepted++
		case events.Duplicate:
			sum.Duplicate++
		case events.Rejected:
			if sum.Rejected == nil {
				sum.Rejected = map[string]int{}
			}
			code := ""
			if len(r.Reasons) > 0 {
				code = string(r.Reasons[0].Code)
			}
			sum.Rejected[code]++
		}
	}
}

// Take returns what was counted since the last Take, an element an agency in
// order of their names, and begins anew. from and until are the interval that
// it is said to cover.
func (t *Tally) Take(from, until time.Time) []*events.SubmissionsTallied {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*events.SubmissionsTallied
	for _, sum := range t.agencies {
		sum.From, sum.Until = from, until
		list = append(list, sum)
	}
	clear(t.agencies)
	slices.SortFunc(list, func(a, b *events.SubmissionsTallied) int { return strings.Compare(a.Agency, b.Agency) })
	return list
}

// restore puts back what could not be recorded.
func (t *Tally) restore(list []*events.SubmissionsTallied) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, old := range list {
		sum := t.agencies[old.Agency]
		if sum == nil {
			t.agencies[old.Agency] = old
			continue
		}
		sum.Accepted += old.Accepted
		sum.Duplicate += old.Duplicate
		for code, n := range old.Rejected {
			if sum.Rejected == nil {
				sum.Rejected = map[string]int{}
			}
			sum.Rejected[code] += n
		}
	}
}

// Record writes what was counted into the log, a submissions.tallied an agency
// and interval, until the context ends; then what is left. What cannot be
// written now is written with the next interval. What was counted since the
// last interval is lost when the process is killed: a tally is a matter of
// record, not of account.
func (g *Gateway) Record(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	from := time.Now().UTC()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if err := g.record(last, from, time.Now().UTC()); err != nil {
				g.log.Warn("tally is lost", "error", err)
			}
			return
		case now := <-tick.C:
			if err := g.record(ctx, from, now.UTC()); err != nil {
				g.log.Warn("tally is not recorded yet", "error", err)
				continue
			}
			from = now.UTC()
		}
	}
}

func (g *Gateway) record(ctx context.Context, from, until time.Time) error {
	list := g.tally.Take(from, until)
	if len(list) == 0 {
		return nil
	}
	var batch []*events.Event
	for _, sum := range list {
		e := &events.Event{
			ID: uuid.NewString(), Source: "/gateway", Type: sum.Type(), Subject: sum.Agency, Time: until,
			AuthType: "engine", AuthID: "gateway", Data: sum,
		}
		raw, err := e.Append(nil)
		if err != nil {
			return fmt.Errorf("tally of %s: %w", sum.Agency, err)
		}
		e.Digest = g.vault.Digest(raw)
		batch = append(batch, e)
	}
	receipts, err := g.desk.Submit(ctx, events.Gateway, batch, time.Time{})
	if len(receipts) < len(list) {
		g.tally.restore(list[len(receipts):])
	}
	return err
}
