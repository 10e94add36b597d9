package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
)

// While commits keep coming, a transaction gathers them for longestGather or until it
// has MaxFacts. Each transaction writes posts and leaves again, so when it would be time
// to write all the time, it gathers on: for restFactor times as long as the transaction
// before took, and up to mostFactor times MaxFacts. When the projector has caught up, a
// transaction gathers for as long as the one before took. A bulk load gathers up to
// mostFactor times MaxFacts while the transaction before is being written.
const (
	longestGather = time.Second
	restFactor    = 4
	mostFactor    = 5
)

var errEnded = fmt.Errorf("%w: the log ended without an error", log.ErrUnavailable)

// A follower keeps a generation up to date.
type follower struct {
	*projector
	commits *decoding.Pipeline
	written func() error // is called after each transaction and now and then between

	first time.Time     // when the transaction under way began, zero when nothing was folded
	last  time.Time     // when the one before was written
	took  time.Duration // by the one before
	due   *time.Timer   // when the one under way is to be written if the log is quiet
}

// follow keeps the generation up to date until the context ends or something fails. It
// calls written after each transaction and once a second, and ends with its error.
func (p *projector) follow(ctx context.Context, written func() error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := &follower{projector: p, written: written, due: time.NewTimer(time.Hour)}
	defer f.due.Stop()
	f.commits = p.decode(ctx, p.log.Follow(ctx, p.read, log.Filter{}))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := f.next(ctx, tick.C); err != nil {
			return err
		}
	}
}

// next does what there is to be done next, and waits for it.
func (f *follower) next(ctx context.Context, tick <-chan time.Time) error {
	select {
	case t, ok := <-f.commits.Tasks():
		if !ok {
			return cmp.Or(ctx.Err(), errEnded)
		}
		return f.take(ctx, t)
	case <-f.due.C:
		if !f.first.IsZero() && f.caughtUp() {
			return f.writeNow(ctx)
		}
		return nil
	case <-tick:
		return f.written()
	}
}

// take folds a commit and writes when it is time. When an event cannot be read, what
// came before it is written, with the reason why nothing follows.
func (f *follower) take(ctx context.Context, t *decoding.Task) error {
	if err := f.apply(ctx, t, f.commits); err != nil {
		if errors.Is(err, ErrPoisoned) {
			f.fold.Stop(err.Error())
			err = errors.Join(err, f.writeNow(ctx))
		}
		return err
	}
	now := time.Now()
	if f.first.IsZero() {
		f.first = now
		f.due.Reset(max(0, f.every()-now.Sub(f.last)))
	}
	if !f.isTime(now) {
		return nil
	}
	return f.writeNow(ctx)
}

// isTime reports whether the transaction under way is to be written.
func (f *follower) isTime(now time.Time) bool {
	facts, since := f.fold.Facts(), now.Sub(f.last)
	if f.caughtUp() && since >= f.every() || facts >= mostFactor*f.opts.MaxFacts {
		return true
	}
	full := facts >= f.opts.MaxFacts || now.Sub(f.first) >= longestGather
	return full && since >= restFactor*f.took
}

// caughtUp reports whether no commit is waiting.
func (f *follower) caughtUp() bool { return len(f.commits.Tasks()) == 0 }

// every returns the least time from one transaction to the next.
func (f *follower) every() time.Duration { return max(f.opts.Every, f.took) }

// writeNow writes what was folded and begins the next transaction.
func (f *follower) writeNow(ctx context.Context) error {
	begun := time.Now()
	if err := f.write(ctx, true); err != nil {
		return err
	}
	f.first, f.last = time.Time{}, time.Now()
	f.took = f.last.Sub(begun)
	return f.written()
}

// clearStopped takes back what an earlier projector wrote of why it stopped.
func (p *projector) clearStopped(ctx context.Context) error {
	why, err := p.writer.Stopped(ctx)
	if err != nil || why == "" {
		return err
	}
	return p.writer.Write(ctx, &readmodel.Batch{Stopped: new(string)})
}
