package command

import (
	"context"
	"errors"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// ErrTooLarge says that a trial and its premises do not fit a request. Try
// less at a time.
var ErrTooLarge = errors.New("desk: the trial is too large for one request")

// Try answers what [Desk.Submit] would answer now, and writes nothing: an
// event that would be taken is accepted without a position. Each event of the
// batch is decided with those before it taken as read, and with the premises:
// events, of whatever family, that the caller got accepted on trial before.
// It waits its turn in the queue of the desk like everything else, and fails
// as Submit does.
func (d *Handler) Try(ctx context.Context, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	return d.queue(&pendingRequest{ctx: ctx, events: batch, imported: imported, dryRun: true, premises: premises, done: make(chan error, 1)})
}

// rehearse decides a trial on the log as it is now and takes everything back.
// Nobody else reads or writes the folds meanwhile. It returns the requests that
// still wait, or those that an error meets.
func (d *Handler) dryRun(ctx context.Context, waiting []*pendingRequest) ([]*pendingRequest, error) {
	r := waiting[0]
	d.own.mu.Lock()
	defer d.own.mu.Unlock()
	if behind, err := d.refresh(ctx); err != nil {
		return waiting, err
	} else if behind {
		if err := d.catchUp(ctx); err != nil {
			return waiting, err
		}
	}
	for _, f := range d.consults {
		f.mu.Lock()
		defer f.mu.Unlock()
	}
	for _, f := range append([]*Fold{d.own}, d.consults...) {
		f.base.Begin()
		defer f.base.Rollback()
		for _, e := range r.premises {
			f.applyPremise(e)
		}
	}
	var receipts []events.Receipt
	for len(receipts) < len(r.events) {
		// One verdict ends with what fits a commit; the next goes on from it.
		verdict, err := d.decideLocked(r.events[len(receipts):], r.imported)
		if err != nil {
			return waiting, err
		}
		d.fillPositions(verdict, log.Position{})
		receipts = append(receipts, verdict.receipts...)
	}
	return handOut(waiting, receipts), nil
}

// assume applies a premise that belongs to the boundary, unless it has come to
// be in the log.
func (f *Fold) applyPremise(e *events.Event) {
	if _, known := f.base.Find(e.Key()); known || e.Family().Boundary() != f.boundary {
		return
	}
	Apply(f.state, e)
}
