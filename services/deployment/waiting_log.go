package deployment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
)

const (
	// waitMin and waitMax bound the pause before the next call to a log that does not
	// answer.
	waitMin, waitMax = 50 * time.Millisecond, 5 * time.Second
	// noticeInterval is how often people are told that the process waits for the log.
	noticeInterval = time.Minute
)

// A waiter repeats calls that need the log for as long as the log does not answer, and
// tells people so. It is safe for concurrent use.
type waiter struct {
	tell func(error) // is called with the error at once and every minute, and with nil when no call waits any more

	mu    sync.Mutex
	told  time.Time
	waits int // number of calls that wait
}

// until calls f until f succeeds, f fails with an error other than log.ErrUnavailable,
// or ctx ends. The pauses between the calls grow from waitMin to waitMax. They begin
// with waitMin again after a call that got further than the one before.
func (w *waiter) until(ctx context.Context, f func() (further bool, err error)) error {
	waiting, pause := false, waitMin
	defer func() {
		if waiting {
			w.finish()
		}
	}()
	for {
		further, err := f()
		if !errors.Is(err, log.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		if further {
			pause = waitMin
		}
		w.notify(err, !waiting)
		waiting = true
		select {
		case <-time.After(pause):
			pause = min(2*pause, waitMax)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// notify tells err, at most once in a noticeInterval. first is set for the first
// failure of a call of until.
func (w *waiter) notify(err error, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if first {
		w.waits++
	}
	if time.Since(w.told) >= noticeInterval {
		w.told = time.Now()
		w.tell(err)
	}
}

// finish is called when a call of until that waited returns.
func (w *waiter) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waits--; w.waits == 0 {
		w.told = time.Time{}
		w.tell(nil)
	}
}

// A waitingLog waits while the log under it does not answer, until the deployment has
// started: no step of the start can be done without the log, and it would help nobody
// if the process ended. Once started is set, each call goes to the log as it is, and a
// failure is the answer to whoever asked.
type waitingLog struct {
	log.Log
	waiter  *waiter
	started atomic.Bool
}

// Head implements log.Log.
func (p *waitingLog) Head(ctx context.Context, f log.Filter) (at log.Position, revision log.Revision, err error) {
	if p.started.Load() {
		return p.Log.Head(ctx, f)
	}
	err = p.waiter.until(ctx, func() (_ bool, err error) {
		at, revision, err = p.Log.Head(ctx, f)
		return false, err
	})
	return at, revision, err
}

// Read implements log.Log. After a failure it goes on behind the last commit that it
// yielded.
func (p *waitingLog) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	if p.started.Load() {
		return p.Log.Read(ctx, from, f)
	}
	return func(yield func(log.Commit, error) bool) {
		last, broken := from, false
		err := p.waiter.until(ctx, func() (further bool, err error) {
			for c, err := range p.Log.Read(ctx, last, f) {
				if err != nil {
					return further, err
				}
				last, further = c.Position, true
				if broken = !yield(c, nil); broken {
					return further, nil
				}
			}
			return further, nil
		})
		if err != nil && !broken {
			yield(log.Commit{}, err)
		}
	}
}

// A waitingVerifier is a verifier that waits as a waitingLog does. log may be nil; then
// it does not wait.
type waitingVerifier struct {
	command.Verifier
	log *waitingLog
}

// Verify implements command.Verifier.
func (v waitingVerifier) Verify(ctx context.Context, at log.Position, id string) error {
	if v.log == nil || v.log.started.Load() {
		return v.Verifier.Verify(ctx, at, id)
	}
	return v.log.waiter.until(ctx, func() (bool, error) { return false, v.Verifier.Verify(ctx, at, id) })
}

// newWaiter returns a waiter that prints to Out and logs warnings.
func (c *Config) newWaiter() *waiter {
	out := c.Out
	if out == nil {
		out = io.Discard
	}
	return &waiter{tell: func(err error) {
		if err == nil {
			fmt.Fprintln(out, "the log answers")
			return
		}
		fmt.Fprintln(out, "waiting for the log:", err)
		if c.Logger != nil {
			c.Logger.Warn("waiting for the log", "error", err)
		}
	}}
}
