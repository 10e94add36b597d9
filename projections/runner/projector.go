package runner

import (
	"context"
	"fmt"
	"iter"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/folding"
	"github.com/muster-works/muster/projections/view"
)

// A projector writes one generation from the log.
type projector struct {
	log    log.Log
	writer *readmodel.Writer
	fold   *folding.Fold
	views  []view.View
	opts   Options
	last   readmodel.Commit // written, or being written
	read   log.Position     // of the last commit folded
	facts  uint64           // folded

	checkpoints checkpoints
	background  background
}

func newProjector(l log.Log, w *readmodel.Writer, views []view.View, opts Options) *projector {
	p := &projector{log: l, writer: w, views: views, opts: opts}
	p.fold = folding.New(views, p.storedCommit)
	return p
}

// resume returns a projector that goes on with a generation that was taken over.
func resume(ctx context.Context, l log.Log, w *readmodel.Writer, views []view.View, opts Options) (*projector, error) {
	p := newProjector(l, w, views, opts)
	if err := p.fold.Load(ctx, w); err != nil {
		return nil, err
	}
	return p, p.verify(ctx)
}

// verify checks that the last commit that was written is the log's, and fails with
// log.ErrForeign when it is not.
func (p *projector) verify(ctx context.Context) error {
	ord := p.fold.Ordinal()
	if ord == 0 {
		return nil
	}
	last, err := p.writer.Commit(ctx, ord)
	if err != nil {
		return fmt.Errorf("%w: %w", readmodel.ErrUnusable, err)
	}
	c, err := p.readCommit(ctx, ord)
	if err != nil {
		return err
	}
	if c.Position != last.Position || c.ID != last.ID {
		return fmt.Errorf("%w: the read model has seen commit %q at %s, the log has %q at %s", log.ErrForeign, last.ID, last.Position, c.ID, c.Position)
	}
	p.last, p.read = last.Commit, last.Position
	return nil
}

// readCommit reads a commit that was folded from the log again.
func (p *projector) readCommit(ctx context.Context, ord uint64) (log.Commit, error) {
	var before log.Position
	if ord > 1 {
		c, err := p.fold.Commit(ctx, ord-1)
		if err != nil {
			return log.Commit{}, err
		}
		before = c.Position
	}
	for c, err := range p.log.Read(ctx, before, log.Filter{}) {
		return c, err
	}
	return log.Commit{}, fmt.Errorf("%w: no commit after %s", log.ErrForeign, before)
}

// storedCommit returns a commit that was taken from the fold.
func (p *projector) storedCommit(ctx context.Context, ord uint64) (readmodel.CommitRow, error) {
	if w := p.background.batch.Commits; len(w) > 0 && ord >= w[0].Ord {
		return w[ord-w[0].Ord], nil
	}
	if err := p.background.wait(); err != nil {
		return readmodel.CommitRow{}, err
	}
	return p.writer.Commit(ctx, ord)
}

// decode decodes commits of the log ahead of the fold.
func (p *projector) decode(ctx context.Context, commits iter.Seq2[log.Commit, error]) *decoding.Pipeline {
	return decoding.Start(ctx, commits, p.views, p.opts.Workers, p.opts.SetAside)
}

// apply folds the commit of a task, which is released once it is no longer in use.
func (p *projector) apply(ctx context.Context, t *decoding.Task, of *decoding.Pipeline) error {
	c, err := t.Wait()
	if err != nil {
		return err
	}
	p.read = c.Position
	p.facts += uint64(c.Facts)
	return p.fold.Apply(ctx, c, func() { of.Release(t) })
}
