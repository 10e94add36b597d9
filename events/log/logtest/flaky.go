package logtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/muster-works/muster/events/log"
)

// Flaky wraps a log so that its appends fail now and then as those over a bad
// network do: the request is lost, or the answer is, or the request arrives
// long after the caller gave up on it. Each time the caller gets
// log.ErrUnavailable. Everything else goes straight through.
type Flaky struct {
	log.Log
	// Rate is the share of appends that fail, from 0 to 1.
	Rate float64

	mu     sync.Mutex
	random *rand.Rand
	late   sync.WaitGroup
	failed int
}

// NewFlaky makes a Flaky whose faults follow from seed.
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

// Wait returns when no late request is under way any more, with the number of
// faults so far.
func (f *Flaky) Wait() int {
	f.late.Wait()
	return f.failed
}
