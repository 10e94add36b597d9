package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/log"
)

// mostRounds bounds a burst, so that others come to read the fold.
const maxRounds = 64

// burst decides what waits, round by round, appends what each accepts as one
// commit, and hands out receipts. It returns what still waits; with an error,
// that is what it was met by.
//
// When more waits than a commit holds, the next round is decided while the log
// takes the one before: on the state as it will be, which the lock hides from
// all others until the log has it. When the log does not take it, both are
// undone. A desk that shares its fold leaves it to the others after each round.
func (d *Handler) groupCommit(ctx context.Context, waiting []*pendingRequest) ([]*pendingRequest, error) {
	d.own.mu.Lock()
	defer d.own.mu.Unlock()
	undo := d.own.base.Rollback
	var v *round // decided, and not in the log
	fresh, conflicts := false, 0
	for rounds := 1; ; rounds++ {
		var err error
		list, imported := nextRound(waiting, 0)
		if v == nil {
			if v, err = d.decide(list, imported); err != nil {
				undo()
				return waiting, err
			}
		}
		if v.refused && !fresh {
			behind, err := d.refresh(ctx)
			if behind && err == nil {
				undo()
				v, fresh = nil, true
				err = d.catchUp(ctx)
			}
			if err != nil {
				undo()
				return waiting, err
			}
			if behind {
				continue
			}
		}
		if len(v.accepted) == 0 {
			undo()
			d.fillPositions(v, log.Position{})
			return handOut(waiting, v.receipts), nil
		}
		landing := d.append(ctx, v, imported)
		var next *round
		if more := len(list) - len(v.receipts); d.own.handlers == 1 && rounds < maxRounds && (more > 0 || len(list) == log.MaxEvents) {
			waiting = d.drain(waiting)
			if ahead, _ := nextRound(waiting, len(v.receipts)); len(ahead) > 0 {
				next, _ = d.decide(ahead, imported) // of an error nothing stays; the next burst meets it
			}
		}
		switch landed := <-landing; {
		case errors.Is(landed.err, log.ErrConflict):
			undo()
			v, fresh = nil, true
			if err := d.catchUp(ctx); err != nil {
				return waiting, err
			}
			if conflicts++; conflicts == maxConflicts {
				return waiting, ErrBusy
			}
		case landed.err != nil:
			undo()
			return waiting, landed.err
		default:
			d.complete(v, landed, imported)
			waiting = handOut(waiting, v.receipts)
			if next == nil || len(next.receipts) == 0 {
				d.own.base.Keep()
				return waiting, nil
			}
			d.own.base.keepFirst(v.undos)
			next.undos -= v.undos
			v, fresh, conflicts = next, false, 0
		}
	}
}

// A landing is what came of an append.
type appendResult struct {
	commitRef
	revision log.Revision
	err      error
}

// append writes the accepted events as a commit on the revision that the fold
// is at, and tells what came of it. A commit whose outcome is unknown is tried
// again under its id.
func (d *Handler) append(ctx context.Context, v *round, imported time.Time) <-chan appendResult {
	c := log.Commit{ID: uuid.NewString(), Boundary: d.own.boundary, Events: v.records, Imported: imported}
	expected := d.own.revision
	landed := make(chan appendResult, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, appendTimeout)
		defer cancel()
		at, revision, err := d.own.log.Append(ctx, c, expected)
		for wait := 10 * time.Millisecond; errors.Is(err, log.ErrUnavailable) && ctx.Err() == nil; wait *= 2 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
				at, revision, err = d.own.log.Append(ctx, c, expected)
			}
		}
		if err != nil && ctx.Err() != nil && !errors.Is(err, log.ErrConflict) {
			err = fmt.Errorf("%w: %w", log.ErrUnavailable, err)
		}
		landed <- appendResult{commitRef{at, c.ID}, revision, err}
	}()
	return landed
}

// land takes note that a verdict is in the log, and fills in the positions.
func (d *Handler) complete(v *round, l appendResult, imported time.Time) {
	d.own.last, d.own.revision = l.commitRef, l.revision
	if imported.IsZero() {
		d.own.settled = true
	} else {
		d.own.imported = imported
	}
	d.own.base.addCommit(l.at, v.end)
	d.fillPositions(v, l.at)
	d.buffers = append(d.buffers, v.buffer) // the log has let go of it
}

// locate fills in where in the log the events of receipts are. Those that the
// verdict accepted are in the commit at a position, in order.
func (d *Handler) fillPositions(v *round, at log.Position) {
	first := v.end - uint32(len(v.accepted))
	for i, n := range v.numbers {
		switch {
		case n == 0:
		case n >= first && !at.IsZero():
			v.receipts[i].Position = at.Event(int(n - first))
		default:
			v.receipts[i].Position = d.own.base.position(n)
		}
	}
}

// refresh says whether any fold that was decided on lies behind the log.
func (d *Handler) refresh(ctx context.Context) (behind bool, err error) {
	for _, f := range append([]*Fold{d.own}, d.consults...) {
		if behind, err = f.behind(ctx); behind || err != nil {
			return behind, err
		}
	}
	return false, nil
}

func (d *Handler) catchUp(ctx context.Context) error {
	for _, f := range d.consults {
		if err := f.CatchUp(ctx); err != nil {
			return err
		}
	}
	return d.own.catchUp(ctx)
}
