package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/log"
)

// maxRounds is how many rounds a group commit decides under one lock, and lockBudget after
// how long it begins no further one. Others that read the fold wait at most so long.
const (
	maxRounds  = 64
	lockBudget = 500 * time.Millisecond
)

// groupCommit decides the waiting requests round by round, appends the events that
// each round accepts as one commit, and hands out receipts. It returns the requests
// that still wait. If it fails, the returned requests are those that the error
// concerns.
//
// If more events wait than a commit holds, the handler decides the next round while
// the log takes the commit of the round before:
//
//	round 1   decide ─► append ········ result ─► receipts
//	round 2             decide ········ append ········ result ─► receipts
//	round 3                             decide ········ append …
//
// The next round is decided on the state that includes the round before. The lock
// of the fold hides that state until the log has the commit. If the append fails,
// both rounds are undone; after a conflict the handler catches up and decides the
// events again. A handler that shares its fold with other handlers decides no round
// ahead, so that the others get the lock after each commit.
func (h *Handler) groupCommit(ctx context.Context, waiting []*pendingRequest) ([]*pendingRequest, error) {
	h.own.mu.Lock()
	defer h.own.mu.Unlock()
	undo := h.own.base.Rollback
	var current *round // decided, and not in the log
	fresh, conflicts, begun := false, 0, time.Now()
	for rounds := 1; ; rounds++ {
		var err error
		if current == nil {
			turns, imported := nextRound(waiting, h.last, nil)
			if current, err = h.decide(ctx, turns, imported); err != nil {
				undo()
				return waiting, err
			}
		}
		if current.refused && !fresh {
			behind, err := h.refresh(ctx)
			if behind && err == nil {
				undo()
				current, fresh = nil, true
				err = h.catchUp(ctx)
			}
			if err != nil {
				undo()
				return waiting, err
			}
			if behind {
				continue
			}
		}
		if len(current.accepted) == 0 {
			undo()
			h.fillPositions(current, log.Position{})
			return h.handOut(waiting, current), nil
		}
		result := h.append(ctx, current, current.imported)
		var next *round
		if full := len(current.receipts) < current.planned || current.planned == log.MaxEvents; full && h.own.handlers == 1 && rounds < maxRounds && time.Since(begun) < lockBudget {
			waiting = h.drain(waiting)
			if ahead, at := nextRound(waiting, current.last(), current.counts()); len(ahead) > 0 && at.Equal(current.imported) {
				next, _ = h.decide(ctx, ahead, at) // a failed decision leaves nothing; the next group commit meets its error
			}
		}
		switch appended := <-result; {
		case errors.Is(appended.err, log.ErrConflict):
			undo()
			current, fresh = nil, true
			if err := h.catchUp(ctx); err != nil {
				return waiting, err
			}
			if conflicts++; conflicts == maxConflicts {
				return waiting, ErrBusy
			}
		case appended.err != nil:
			undo()
			return waiting, appended.err
		default:
			h.complete(current, appended, current.imported)
			waiting = h.handOut(waiting, current)
			if next == nil || len(next.receipts) == 0 {
				h.own.base.Keep()
				return waiting, nil
			}
			h.own.base.keepFirst(current.undos)
			next.undos -= current.undos
			current, fresh, conflicts = next, false, 0
		}
	}
}

// An appendResult is the outcome of an append: the commit and the new revision of
// the boundary, or an error.
type appendResult struct {
	commitRef
	revision log.Revision
	err      error
}

// append starts to append the accepted events of a round as one commit, on the
// revision that the fold is at. The outcome is sent on the returned channel. If the
// log does not answer, append tries the same commit again under the same id, until
// appendTimeout is over: the log takes a commit id once.
func (h *Handler) append(ctx context.Context, r *round, imported time.Time) <-chan appendResult {
	c := log.Commit{ID: uuid.NewString(), Boundary: h.own.boundary, Events: r.records, Imported: imported}
	expected := h.own.revision
	result := make(chan appendResult, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, appendTimeout)
		defer cancel()
		at, revision, err := h.own.log.Append(ctx, c, expected)
		for wait := 10 * time.Millisecond; errors.Is(err, log.ErrUnavailable) && ctx.Err() == nil; wait *= 2 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
				at, revision, err = h.own.log.Append(ctx, c, expected)
			}
		}
		if err != nil && ctx.Err() != nil && !errors.Is(err, log.ErrConflict) {
			err = fmt.Errorf("%w: %w", log.ErrUnavailable, err)
		}
		result <- appendResult{commitRef{at, c.ID}, revision, err}
	}()
	return result
}

// complete notes in the own fold that a round is in the log, and fills in the
// positions of its receipts.
func (h *Handler) complete(r *round, result appendResult, imported time.Time) {
	h.own.last, h.own.revision = result.commitRef, result.revision
	if imported.IsZero() {
		h.own.settled = true
	} else {
		h.own.imported = imported
	}
	h.own.base.addCommit(result.at, r.end)
	h.fillPositions(r, result.at)
	h.buffers = append(h.buffers, r.buffer) // the log no longer reads it
}

// fillPositions fills in the positions of the receipts of a round. If at is not
// zero, it is the position of the commit that holds the accepted events, in order.
// The other receipts are of duplicates, whose positions the index knows.
func (h *Handler) fillPositions(r *round, at log.Position) {
	first := r.end - uint32(len(r.accepted))
	for i, n := range r.numbers {
		switch {
		case n == 0:
		case n >= first && !at.IsZero():
			r.receipts[i].Position = at.Event(int(n - first))
		default:
			r.receipts[i].Position = h.own.base.position(n)
		}
	}
}

// refresh reports whether the log holds commits that the own fold or one of the
// consulted folds has not yet folded.
func (h *Handler) refresh(ctx context.Context) (behind bool, err error) {
	for _, f := range append([]*Fold{h.own}, h.consults...) {
		if behind, err = f.behind(ctx); behind || err != nil {
			return behind, err
		}
	}
	return false, nil
}

// catchUp brings the consulted folds and the own fold to the end of the log. The
// caller holds the lock of the own fold.
func (h *Handler) catchUp(ctx context.Context) error {
	for _, f := range h.consults {
		if err := f.CatchUp(ctx); err != nil {
			return err
		}
	}
	return h.own.catchUp(ctx)
}
