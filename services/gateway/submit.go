package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
)

const (
	maxRun      = 1000    // events handed over in one call
	maxRunBytes = 4 << 20 // of their canonical form
)

// Submit takes a caller's events through the door and returns a receipt each,
// in order. imported, when not zero, is the recorded time that they bring
// along; the caller needs the right to. The events are not changed.
//
// It fails with [log.ErrUnavailable], [command.ErrBusy] or the context's error,
// and then returns the receipts up to the first event that was not decided.
// Submitting all of it again is safe. A busy service is waited for.
func (g *Gateway) Submit(ctx context.Context, c Caller, items []Item, imported time.Time) ([]events.Receipt, error) {
	return g.submit(ctx, newSubmission(c, patience), items, imported)
}

// A submission is one request: who, under which id, how long it may wait for a
// busy service, and what it has come to where nothing is to be written.
type submission struct {
	Caller
	correlation string
	patience    time.Duration
	rehearsal   *rehearsal
}

// patience is for those who would have much to send again.
const patience = 10 * time.Second

func newSubmission(c Caller, patience time.Duration) submission {
	return submission{Caller: c, correlation: uuid.NewString(), patience: patience}
}

// A run is consecutive events of one family, ready for their service.
type run struct {
	family events.Family
	events []*events.Event // pseudonymised
	at     []int           // their indexes in the submission
	sizes  []int           // of their canonical form, as submitted
	bytes  int             // the sum of them
	err    error           // the vault failed: there is no run
}

func (g *Gateway) submit(ctx context.Context, s submission, items []Item, imported time.Time) ([]events.Receipt, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	leave, err := g.vault.Share(ctx)
	if err != nil {
		return nil, vaultError(ctx, err)
	}
	defer leave()
	if err := g.learn(ctx); err != nil {
		return nil, err
	}
	receipts := make([]events.Receipt, len(items))
	runs := make(chan *run)
	go func() {
		defer close(runs)
		p := preparation{g: g, submission: s, imported: imported, receipts: receipts}
		p.prepare(ctx, items, runs)
	}()
	var failed error
	decided := 0 // what stands before this index is final
	for r := range runs {
		if failed != nil {
			continue // the preparation is about to end
		}
		n := 0
		if failed = r.err; failed == nil {
			n, failed = g.hand(ctx, s, r, imported, receipts)
		}
		if n < len(r.at) {
			decided = r.at[n]
		} else {
			decided = r.at[n-1] + 1
		}
		if failed != nil {
			cancel()
		}
	}
	if failed == nil {
		failed = ctx.Err()
	}
	if failed != nil {
		receipts = receipts[:decided]
	}
	if s.rehearsal != nil {
		s.rehearsal.forget(receipts)
	} else {
		g.tally.Count(s.Agency, receipts)
		g.count(s.Agency, receipts)
	}
	return receipts, failed
}

// hand hands a run to its service and fills in the receipts. It returns how
// many of its events were decided.
func (g *Gateway) hand(ctx context.Context, s submission, r *run, imported time.Time, receipts []events.Receipt) (n int, err error) {
	ask := func(batch []*events.Event) ([]events.Receipt, error) {
		return g.desk.Submit(ctx, r.family, batch, imported)
	}
	if h := s.rehearsal; h != nil {
		if err := h.admit(r); err != nil {
			return 0, err
		}
		ask = func(batch []*events.Event) ([]events.Receipt, error) {
			return g.desk.Try(ctx, r.family, h.premises, batch, imported)
		}
		defer func() { h.keep(r, n, receipts) }()
	}
	begun, wait := time.Now(), 20*time.Millisecond
	for {
		rest := r.events[n:]
		got, err := ask(rest)
		if len(got) > len(rest) || err == nil && len(got) < len(rest) {
			return n, fmt.Errorf("%w: service %s answered %d events with %d receipts", log.ErrUnavailable, r.family, len(rest), len(got))
		}
		for _, receipt := range got {
			receipts[r.at[n]] = receipt
			n++
		}
		if !errors.Is(err, command.ErrBusy) || time.Since(begun)+wait > s.patience {
			return n, err
		}
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		}
	}
}

func isUnavailable(err error) bool { return errors.Is(err, log.ErrUnavailable) }
