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

// A record is the tallies on their way into the log. Those whose outcome is not
// known are written again as they are, under their ids: what is there already is
// a duplicate, and nothing counts twice. Until then nothing more is taken from
// the tally, so that the next interval is the longer.
type record struct {
	g       *Gateway
	from    time.Time
	pending []*events.Event
}

// Record writes what was counted into the log, a submissions.tallied an agency
// and interval, until the context ends; then what is left. Each gateway of
// several writes its own. What cannot be written now is written at the end of
// the next interval. What was counted since the last one is lost when the
// process is killed: a tally is a matter of record, not of account.
func (g *Gateway) Record(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	r := &record{g: g, from: time.Now().UTC()}
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if err := r.write(last, time.Now().UTC()); err != nil {
				g.log.Warn("tally is lost", "error", err)
			}
			return
		case now := <-tick.C:
			if err := r.write(ctx, now.UTC()); err != nil {
				g.log.Warn("tally is not recorded yet", "error", err)
			}
		}
	}
}

// write writes what is pending, and then what was counted until now.
func (r *record) write(ctx context.Context, until time.Time) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	list := r.g.tally.Take(r.from, until)
	r.from = until
	for _, sum := range list {
		e := &events.Event{
			ID: uuid.NewString(), Source: "/gateway", Type: sum.Type(), Subject: sum.Agency, Time: until,
			AuthType: "engine", AuthID: "gateway", Data: sum,
		}
		raw, err := e.Append(nil)
		if err != nil {
			return fmt.Errorf("tally of %s: %w", sum.Agency, err)
		}
		e.Digest = r.g.vault.Digest(raw)
		r.pending = append(r.pending, e)
	}
	return r.flush(ctx)
}

// flush writes what is pending. The desk answers in order: what it answered is
// in the log.
func (r *record) flush(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	receipts, err := r.g.desk.Submit(ctx, events.Gateway, r.pending, time.Time{})
	r.pending = r.pending[min(len(receipts), len(r.pending)):]
	return err
}
