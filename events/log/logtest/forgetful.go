package logtest

import (
	"context"
	"iter"
	"sync"

	"github.com/muster-works/muster/events/log"
)

// Forgetful returns a log like l that overwrites the bytes of a commit as soon as its
// Done is called, and reuses them for later commits. It reveals code that uses a
// commit after Done.
func Forgetful(l log.Log) log.Log { return &forgetful{Log: l} }

type forgetful struct {
	log.Log
	mu   sync.Mutex
	free [][]byte
}

func (f *forgetful) Read(ctx context.Context, from log.Position, of log.Filter) iter.Seq2[log.Commit, error] {
	return f.forgetting(f.Log.Read(ctx, from, of))
}

func (f *forgetful) Follow(ctx context.Context, from log.Position, of log.Filter) iter.Seq2[log.Commit, error] {
	return f.forgetting(f.Log.Follow(ctx, from, of))
}

func (f *forgetful) forgetting(commits iter.Seq2[log.Commit, error]) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range commits {
			if !yield(f.moved(c), err) {
				return
			}
		}
	}
}

// moved returns the commit with its events copied to reused memory.
func (f *forgetful) moved(c log.Commit) log.Commit {
	size := 0
	for _, e := range c.Events {
		size += len(e)
	}
	b := f.take(size)
	events := make([][]byte, len(c.Events))
	for i, e := range c.Events {
		from := len(b)
		b = append(b, e...)
		events[i] = b[from:]
	}
	if c.Done != nil {
		c.Done()
	}
	c.Events, c.Done = events, func() {
		for i := range b {
			b[i] = '#'
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.free = append(f.free, b)
	}
	return c
}

// take returns size bytes of memory: the block that was freed last if it is large
// enough, or a new one.
func (f *forgetful) take(size int) (b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.free); n > 0 {
		b, f.free = f.free[n-1], f.free[:n-1]
	}
	if cap(b) < size {
		b = make([]byte, 0, 2*size)
	}
	return b[:0]
}
