package runner

import (
	"context"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/timeline"
)

// A bulk load adds at least leastGather bytes to leaves from one checkpoint to the next,
// and gatherFactor times as many bytes as the last checkpoint had. That is some twenty
// million facts, of which ten seconds of work on two cores may have to be done again
// after a crash. With a quarter of it, the checkpoints of a province would take a
// fortieth of its rebuild.
const (
	leastGather  = 512 << 20
	gatherFactor = 4
)

// checkpoints are those of a bulk load.
type checkpoints struct {
	reached bool // the load, or the one that it goes on with, has written a checkpoint
	size    int  // bytes of the last checkpoint that this projector wrote
	since   int  // bytes of leaves that were taken since then
}

// A background writes a batch of a bulk load while the load folds on. Nothing else may
// use the writer until wait returns.
type background struct {
	batch readmodel.Batch
	done  chan error // receives the result once; nil when nothing was started
}

// busy reports whether a batch is being written.
func (b *background) busy() bool { return b.done != nil && len(b.done) == 0 }

// wait waits until the batch is written, and returns the result of that once.
func (b *background) wait() error {
	if b.done == nil {
		return nil
	}
	err := <-b.done
	b.done = nil
	return err
}

// write writes what was folded in one transaction. While a bulk load is under way, last
// says that it ends; else last is set. A transaction of a bulk load is written in the
// background, but for the last one.
func (p *projector) write(ctx context.Context, last bool) error {
	if err := p.fold.Rest(); err != nil {
		return err
	}
	b, err := p.takeBatch(ctx, last)
	if err != nil {
		return err
	}
	if err := p.background.wait(); err != nil {
		return err
	}
	p.fold.Reuse(p.background.batch)
	p.background.batch = readmodel.Batch{}
	if p.writer.Bulk() && !last {
		done := make(chan error, 1)
		p.background = background{batch: b, done: done}
		go func() { done <- p.writer.Write(ctx, &b) }()
	} else if err := p.writer.Write(ctx, &b); err != nil {
		return err
	}
	if n := len(b.Commits); n > 0 {
		p.last = b.Commits[n-1].Commit
	}
	return nil
}

// takeBatch takes the batch of the next transaction from the fold. In a bulk load, leaves
// worth writing are in it, so that little is left for its end, when nothing else is to
// be done; and all of them when a checkpoint is due.
func (p *projector) takeBatch(ctx context.Context, last bool) (readmodel.Batch, error) {
	if !p.writer.Bulk() {
		return p.fold.Take(last, 0, func(table string, owner int64, end timeline.Ref) ([]byte, error) {
			return p.writer.ReadLeaf(ctx, table, owner, end)
		})
	}
	buffered, least := p.fold.Buffered(), 0
	due := !last && p.checkpoints.since+buffered > p.gather()
	if !last && !due {
		least = leaves.WorthWriting
	}
	b, err := p.fold.Take(last, least, nil)
	if err != nil {
		return b, err
	}
	p.checkpoints.since += buffered - p.fold.Buffered()
	if due {
		b.Checkpoint = p.fold.Checkpoint()
		p.checkpoints = checkpoints{reached: true}
		for _, part := range b.Checkpoint {
			p.checkpoints.size += len(part)
		}
	}
	return b, nil
}

// gather returns how many bytes are added to leaves from one checkpoint to the next. A
// checkpoint has every timeline that changes, which are the more the longer the log is,
// and every leaf that is begun is written with it.
func (p *projector) gather() int {
	if p.opts.Gather > 0 {
		return p.opts.Gather
	}
	return max(leastGather, gatherFactor*p.checkpoints.size)
}
