package decoding

import (
	"context"
	"iter"
	"sync"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/view"
)

// ahead is how many commits are decoded ahead of whoever takes them.
const ahead = 16

// A Task is a commit that is being decoded.
type Task struct {
	commit Commit
	err    error
	done   chan struct{} // receives one value when the fields above are set
}

// Wait waits until the commit is decoded, and returns it or why it cannot be read.
func (t *Task) Wait() (*Commit, error) {
	<-t.done
	return &t.commit, t.err
}

// A Pipeline decodes the commits of a log. One goroutine reads them, some decode, and
// all are handed out in the order of the log:
//
//	reader ─┬─ work ──→ decoders (Workers)
//	        └─ queue ─→ Tasks, in log order
type Pipeline struct {
	queue chan *Task // in log order; closed at the end
	work  chan *Task // to whichever decoder is free

	mu   sync.Mutex
	free []*Task // to be used again, the one released last first: its memory is in the caches
}

// Start starts a pipeline with as many decoders as workers says. Its goroutines end
// after the first error of the log, when the log ends or when the context does.
func Start(ctx context.Context, commits iter.Seq2[log.Commit, error], views []view.View, workers int, setAside []log.Position) *Pipeline {
	p := &Pipeline{queue: make(chan *Task, ahead), work: make(chan *Task, ahead)}
	for range workers {
		go p.decode(NewDecoder(views, setAside))
	}
	go p.read(ctx, commits)
	return p
}

// Tasks returns the commits in log order. After an error of the log, which is that of
// the last task, it is closed; and when the log ends or the context does.
func (p *Pipeline) Tasks() <-chan *Task { return p.queue }

func (p *Pipeline) decode(d *Decoder) {
	for t := range p.work {
		t.err = d.Decode(&t.commit)
		t.done <- struct{}{}
	}
}

func (p *Pipeline) read(ctx context.Context, commits iter.Seq2[log.Commit, error]) {
	defer close(p.queue)
	defer close(p.work)
	for c, err := range commits {
		t := p.task()
		t.commit.Commit, t.err = c, err
		if err != nil {
			t.done <- struct{}{}
		} else {
			select {
			case p.work <- t:
			case <-ctx.Done():
				return
			}
		}
		select {
		case p.queue <- t:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *Pipeline) task() *Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free) - 1
	if n < 0 {
		return &Task{done: make(chan struct{}, 1)}
	}
	t := p.free[n]
	p.free = p.free[:n]
	return t
}

// Release takes a task back once nobody uses its commit. The bytes of the log's commit
// are let go of, and the memory serves another commit. It is safe for concurrent use.
func (p *Pipeline) Release(t *Task) {
	t.commit.release()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, t)
}
