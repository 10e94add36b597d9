package command

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// ErrTooLarge says that the events and premises of a dry run do not fit one request, or
// take too long to decide.
// Try fewer events at a time.
var ErrTooLarge = errors.New("command: the dry run is too large for one request")

// Try is a dry run: it answers what [Handler.Submit] would answer now, and writes
// nothing. The receipt of an event that would be accepted has no position. Each
// event of the batch is decided as if the events accepted before it in the batch,
// and the premises, were in the log. Premises are events of any family that earlier
// dry runs accepted. Try waits in the queue of the handler in its turn, and fails as
// Submit does.
func (h *Handler) Try(ctx context.Context, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	return h.queue(&pendingRequest{ctx: ctx, events: batch, imported: imported, dryRun: true, premises: premises, done: make(chan error, 1)})
}

// dryRunBudget is how long a dry run may take. It holds the locks of all folds meanwhile,
// so that nobody else's events are decided.
const dryRunBudget = 2 * time.Second

// dryRun decides a waiting request, a dry run, on the log as it is now, and
// undoes everything that it applied. It holds the locks of all folds meanwhile. It
// returns the requests that still wait; if it fails, the returned requests are those
// that the error concerns.
func (h *Handler) dryRun(ctx context.Context, waiting []*pendingRequest, r *pendingRequest) ([]*pendingRequest, error) {
	h.last = r.agency()
	h.own.mu.Lock()
	defer h.own.mu.Unlock()
	if behind, err := h.refresh(ctx); err != nil {
		return waiting, err
	} else if behind {
		if err := h.catchUp(ctx); err != nil {
			return waiting, err
		}
	}
	for _, f := range h.consults { // after catching up, which locks them as well
		f.mu.Lock()
		defer f.mu.Unlock()
	}
	for _, f := range append([]*Fold{h.own}, h.consults...) {
		f.base.Begin()
		defer f.base.Rollback()
		for _, e := range r.premises {
			f.applyPremise(e)
		}
	}
	begun := time.Now()
	for len(r.receipts) < len(r.events) {
		if time.Since(begun) > dryRunBudget {
			r.done <- ErrTooLarge
			return slices.DeleteFunc(waiting, func(w *pendingRequest) bool { return w == r }), nil
		}
		// A round ends when its commit would be full; the next round goes on from there.
		decided, err := h.decideLocked(ctx, r.events[len(r.receipts):], r.imported)
		if err != nil {
			return waiting, err
		}
		h.fillPositions(decided, log.Position{})
		r.receipts = append(r.receipts, decided.receipts...)
	}
	r.done <- nil
	return slices.DeleteFunc(waiting, func(w *pendingRequest) bool { return w == r }), nil
}

// applyPremise applies a premise if it belongs to the boundary and is not in the log
// already.
func (f *Fold) applyPremise(e *events.Event) {
	if _, known := f.base.Find(e.Key()); known || e.Family().Boundary() != f.boundary {
		return
	}
	Apply(f.state, e)
}
