// Package desk is what every service does with the events it is handed: decide
// them in order, append what was accepted, and answer each with a receipt.
//
// # The life of a submission at a desk
//
//  1. Submit queues it. The desk takes everything that waits, up to a commit's
//     worth: that is the group commit, one fsync for all.
//  2. Each event is looked up in the ledger by (family, source, id): an equal
//     one is answered duplicate, another one id_reused.
//  3. The service decides it against its state, which already holds the
//     events before it in the same round.
//  4. Before any refusal stands, every fold consulted is compared with the
//     log's head; if one was behind, the round is undone, folded and decided
//     anew. So nothing is refused on stale knowledge. Acceptance on stale
//     knowledge of the own boundary cannot happen: the append is guarded by
//     the revision decided on.
//  5. What was accepted is appended as one commit, durable on return, and then
//     the receipts go out. When the boundary has moved, the round is undone
//     and decided anew; when it keeps moving, the answer is [ErrBusy].
//
// While the log takes a full commit, the next round is decided on it: see
// [Desk.burst].
//
// When the log does not answer, the outcome of a commit is unknown. It is
// retried under the same commit id; if that does not help, the submitter gets
// [log.ErrUnavailable] and may submit again at any time: what is in the log
// already comes back as duplicate.
package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// ErrBusy says that others kept moving the boundary, or that too much waits.
// Nothing was written; submit again after a second.
var ErrBusy = errors.New("desk: busy, submit again")

// The codes of refusals that no service needs to know of.
const (
	IDReused          events.Code = "id_reused"        // the id was used for other content
	UnknownReplaced   events.Code = "unknown_replaced" // the event to replace or withdraw is not in the log
	AlreadySuperseded events.Code = "already_voided"   // it was replaced or withdrawn before
	ImportClosed      events.Code = "import_closed"    // history cannot be brought in any more
)

const (
	maxConflicts  = 16   // times that a round may conflict before the answer is ErrBusy
	queueLength   = 1024 // requests that may wait
	appendTimeout = 10 * time.Second
	keepWarm      = time.Second
)

// A Decider is a service's judgement.
//
// Decide says whether e may be recorded, given the state that the desk's folds
// hold, and returns what to record: e itself, or a copy with what the service
// adds (a seat, the policy version). It must not change e, the states, or look
// at a clock. It is called with the folds locked.
type Decider interface {
	Decide(e *events.Event) (record *events.Event, refused events.Reasons)
}

// A Desk decides the events of one family. Submit is safe for concurrent use.
type Handler struct {
	family   events.Family
	decider  Decider
	own      *Fold
	consults []*Fold
	requests chan *pendingRequest
	stopped  chan struct{}
	buffers  [][]byte // of verdicts that the log has taken, to be used again
}

type pendingRequest struct {
	ctx      context.Context
	events   []*events.Event
	imported time.Time
	dryRun   bool // nothing is to be written
	premises []*events.Event
	receipts []events.Receipt
	done     chan error
}

// New makes a desk of a family. own is the fold of the family's boundary;
// consults are the other folds that the decider reads. To keep clear of
// deadlock, folds consult each other in one order: policy, placement, others.
// All desks of a fold are made before any of them runs.
func NewHandler(f events.Family, d Decider, own *Fold, consults ...*Fold) *Handler {
	own.handlers++
	return &Handler{family: f, decider: d, own: own, consults: consults, requests: make(chan *pendingRequest, queueLength), stopped: make(chan struct{})}
}

// Family returns the family that the desk decides.
func (d *Handler) Family() events.Family { return d.family }

// Submit decides batch in order and returns a receipt each, in order. The
// events need not fit one commit; a commit is atomic, a batch is not.
// imported, when not zero, is the recorded time the events bring along. It
// fails with ErrBusy, [log.ErrUnavailable] or the context's error.
func (d *Handler) Submit(ctx context.Context, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	return d.queue(&pendingRequest{ctx: ctx, events: batch, imported: imported, done: make(chan error, 1)})
}

func (d *Handler) queue(r *pendingRequest) ([]events.Receipt, error) {
	if len(r.events) == 0 {
		return nil, nil
	}
	for _, e := range r.events {
		if f := e.Family(); f != d.family {
			return nil, fmt.Errorf("desk: %s of family %s came to the desk of %s", e.Type, f, d.family)
		}
	}
	select {
	case d.requests <- r:
	default:
		return nil, ErrBusy
	}
	select {
	case err := <-r.done:
		return r.receipts, err
	case <-r.ctx.Done():
		return nil, r.ctx.Err()
	case <-d.stopped:
		return nil, fmt.Errorf("%w: the service %s is stopping", log.ErrUnavailable, d.family)
	}
}

// Run folds to the head, calls ready, and decides until the context ends. It
// returns early only when the log is damaged. A desk runs once.
func (d *Handler) Run(ctx context.Context, ready func()) error {
	defer close(d.stopped)
	for _, f := range append([]*Fold{d.own}, d.consults...) {
		if err := f.CatchUp(ctx); err != nil {
			return err
		}
	}
	ready()
	tick := time.NewTicker(keepWarm)
	defer tick.Stop()
	var waiting []*pendingRequest
	for {
		if len(waiting) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case r := <-d.requests:
				waiting = append(waiting, r)
			case <-tick.C:
				if err := d.own.CatchUp(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, log.ErrUnavailable) {
					return err
				}
				continue
			}
		}
		waiting = d.drain(waiting)
		var err error
		if waiting[0].dryRun {
			waiting, err = d.dryRun(ctx, waiting)
		} else {
			waiting, err = d.groupCommit(ctx, waiting)
		}
		if err != nil {
			fail(waiting, err)
			waiting = nil
			if errors.Is(err, log.ErrCorrupt) || errors.Is(err, log.ErrForeign) {
				return err
			}
		}
	}
}

// drain takes what waits, up to a commit's worth of events.
func (d *Handler) drain(waiting []*pendingRequest) []*pendingRequest {
	n := 0
	for _, r := range waiting {
		n += len(r.events) - len(r.receipts)
	}
	for n < log.MaxEvents {
		select {
		case r := <-d.requests:
			if r.ctx.Err() != nil {
				r.done <- r.ctx.Err()
				continue
			}
			waiting = append(waiting, r)
			n += len(r.events)
		default:
			return waiting
		}
	}
	return waiting
}

// group lists the events of one round, behind the first of those that wait: up to
// a commit's worth, of one imported time, and none on trial.
func nextRound(waiting []*pendingRequest, behind int) (list []*events.Event, imported time.Time) {
	imported = waiting[0].imported
	for _, r := range waiting {
		if r.dryRun || !r.imported.Equal(imported) {
			break
		}
		rest := r.events[len(r.receipts):]
		skip := min(behind, len(rest))
		behind, rest = behind-skip, rest[skip:]
		list = append(list, rest[:min(len(rest), log.MaxEvents-len(list))]...)
		if len(list) == log.MaxEvents {
			break
		}
	}
	return list, imported
}

// finish hands out receipts in order and returns the requests that still wait.
func handOut(waiting []*pendingRequest, receipts []events.Receipt) []*pendingRequest {
	for len(receipts) > 0 {
		r := waiting[0]
		n := min(len(receipts), len(r.events)-len(r.receipts))
		r.receipts = append(r.receipts, receipts[:n]...)
		receipts = receipts[n:]
		if len(r.receipts) == len(r.events) {
			r.done <- nil
			waiting = waiting[1:]
		}
	}
	return waiting
}

func fail(waiting []*pendingRequest, err error) {
	for _, r := range waiting {
		r.done <- err
	}
}
