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
	// waitMin and waitMax bound the pause before a log that does not answer is tried
	// again.
	waitMin, waitMax = 50 * time.Millisecond, 5 * time.Second
	// waitTold is how often people are told that something waits for the log.
	waitTold = time.Minute
)

// A waiter does what takes the log again and again for as long as the log does not
// answer, and says so.
type waiter struct {
	tell func(error) // is called at once and every minute; nil is told when it is over

	mu    sync.Mutex
	told  time.Time
	waits int // calls that wait
}

// until calls f until it fails with something else than log.ErrUnavailable, or not at
// all, or ctx ends. A call that got further since the last one begins with short
// pauses again.
func (w *waiter) until(ctx context.Context, f func() (further bool, err error)) error {
	waiting, pause := false, waitMin
	defer func() {
		if waiting {
			w.over()
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
		w.say(err, !waiting)
		waiting = true
		select {
		case <-time.After(pause):
			pause = min(2*pause, waitMax)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// say tells err, at most once a minute.
func (w *waiter) say(err error, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if first {
		w.waits++
	}
	if time.Since(w.told) >= waitTold {
		w.told = time.Now()
		w.tell(err)
	}
}

// over is called when a call waits no more.
func (w *waiter) over() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waits--; w.waits == 0 {
		w.told = time.Time{}
		w.tell(nil)
	}
}

// A patient log waits while the log does not answer, until a deployment has started:
// none of its steps can be done without the log, and ending would help nobody. From
// then on it is the log itself, whose failures are answered to those who ask.
type patient struct {
	log.Log
	waiter  *waiter
	started atomic.Bool
}

// Head implements log.Log.
func (p *patient) Head(ctx context.Context, f log.Filter) (at log.Position, revision log.Revision, err error) {
	if p.started.Load() {
		return p.Log.Head(ctx, f)
	}
	err = p.waiter.until(ctx, func() (_ bool, err error) {
		at, revision, err = p.Log.Head(ctx, f)
		return false, err
	})
	return at, revision, err
}

// Read implements log.Log. It goes on after the last commit that it yielded.
func (p *patient) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
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

// A patientVerifier is a verifier that waits in the same way.
type patientVerifier struct {
	command.Verifier
	patient *patient
}

// Verify implements command.Verifier.
func (v patientVerifier) Verify(ctx context.Context, at log.Position, id string) error {
	if v.patient == nil || v.patient.started.Load() {
		return v.Verifier.Verify(ctx, at, id)
	}
	return v.patient.waiter.until(ctx, func() (bool, error) { return false, v.Verifier.Verify(ctx, at, id) })
}

// waiter makes one that tells the deployment's people.
func (c *Config) waiter() *waiter {
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
