package runner

import (
	"context"
	"iter"
	"sync"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/view"
)

// A decoded is a commit on its way from the log to the fold.
type decoded struct {
	digest
	err  error
	done chan struct{} // holds one when the fields above are set
}

// ahead is how many commits are digested ahead of the fold.
const ahead = 16

// A pipeline digests commits beside the reader of the log and whoever folds
// them, in the order of the log.
type pipeline struct {
	queue chan *decoded // in order; closed at the end
	work  chan *decoded // to whoever is free

	mu    sync.Mutex
	spare []*decoded // to be used again, what was given back last first: it is nearest
}

// start starts a pipeline. Its queue is closed after an error, which comes
// last, and when the log ends or the context does.
func start(ctx context.Context, commits iter.Seq2[log.Commit, error], views []view.View, opts Options) *pipeline {
	p := &pipeline{queue: make(chan *decoded, ahead), work: make(chan *decoded, ahead)}
	for range opts.Workers {
		go func() {
			g := newDigester(views, opts.SetAside)
			for d := range p.work {
				d.err = g.digest(&d.digest)
				d.done <- struct{}{}
			}
		}()
	}
	go p.read(ctx, commits)
	return p
}

func (p *pipeline) read(ctx context.Context, commits iter.Seq2[log.Commit, error]) {
	defer close(p.queue)
	defer close(p.work)
	for c, err := range commits {
		d := p.take()
		d.Commit, d.err = c, err
		if err != nil {
			d.done <- struct{}{}
		} else {
			select {
			case p.work <- d:
			case <-ctx.Done():
				return
			}
		}
		select {
		case p.queue <- d:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *pipeline) take() *decoded {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.spare) - 1
	if n < 0 {
		return &decoded{done: make(chan struct{}, 1)}
	}
	d := p.spare[n]
	p.spare = p.spare[:n]
	return d
}

// giveBack lets a commit that was folded be used again. Its bytes are let go of,
// and so is what is a part of them.
func (p *pipeline) giveBack(d *decoded) {
	done := d.Done
	d.Commit = log.Commit{}
	clear(d.events)
	clear(d.posts)
	clear(d.agencies)
	clear(d.cells)
	if done != nil {
		done()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spare = append(p.spare, d)
}
