package logtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/muster-works/muster/events/log"
)

// Flaky wraps a log and makes some appends fail as on a bad network: the request is
// lost, the answer is lost, or the request arrives long after the caller gave up. In
// each case the caller gets log.ErrUnavailable. Other calls are not changed.
type Flaky struct {
	log.Log
	// Rate is the share of appends that fail, from 0 to 1.
	Rate float64

	mu     sync.Mutex
	random *rand.Rand
	late   sync.WaitGroup
	failed int
}

// NewFlaky returns a Flaky whose faults are determined by seed.
func NewFlaky(l log.Log, rate float64, seed uint64) *Flaky {
	return &Flaky{Log: l, Rate: rate, random: rand.New(rand.NewPCG(seed, 0))}
}

// Append implements log.Log, with faults.
func (f *Flaky) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	f.mu.Lock()
	fault := -1
	if f.random.Float64() < f.Rate {
		fault = f.random.IntN(3)
		f.failed++
	}
	f.mu.Unlock()
	switch fault {
	case 0:
		return log.Position{}, 0, fmt.Errorf("%w: request lost", log.ErrUnavailable)
	case 1:
		f.Log.Append(ctx, c, expected)
		return log.Position{}, 0, fmt.Errorf("%w: answer lost", log.ErrUnavailable)
	case 2:
		f.late.Go(func() { f.Log.Append(ctx, c, expected) })
		return log.Position{}, 0, fmt.Errorf("%w: request late", log.ErrUnavailable)
	}
	return f.Log.Append(ctx, c, expected)
}

// Wait waits until no late request is under way, and returns the number of faults so
// far.
func (f *Flaky) Wait() int {
	f.late.Wait()
	return f.failed
}
