package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/view"
)

// Build makes a new generation of what the log holds up to a commit; the zero position
// stands for the head of the log. The generation is finished and not in use. Build
// removes what it has made when it fails.
func Build(ctx context.Context, l log.Log, dir *readmodel.Dir, name string, views []view.View, until log.Position, opts Options) (last readmodel.Commit, err error) {
	if until.IsZero() {
		if until, _, err = l.Head(ctx, log.Filter{}); err != nil {
			return last, err
		}
	}
	w, err := dir.Create(ctx, name, views)
	if err != nil {
		return last, err
	}
	p := newProjector(l, w, views, opts.filled())
	if err := p.build(ctx, until); err != nil {
		return last, errors.Join(err, dir.Remove(context.WithoutCancel(ctx), name))
	}
	return p.last, nil
}

// Rebuild is Build of a generation that the directory names. When a build of the same
// log and the same views was interrupted, Rebuild goes on from the last checkpoint that
// it reached. When Rebuild itself is interrupted, by the end of the context, a log that
// cannot be reached or an event that cannot be read, it leaves the generation there to
// go on with.
func Rebuild(ctx context.Context, l log.Log, dir *readmodel.Dir, views []view.View, until log.Position, opts Options) (name string, last readmodel.Commit, err error) {
	if until.IsZero() {
		if until, _, err = l.Head(ctx, log.Filter{}); err != nil {
			return "", last, err
		}
	}
	p, err := interrupted(ctx, l, dir, views, until.Commit(), opts.filled())
	if err != nil {
		return "", last, err
	}
	if p == nil {
		if name, err = dir.Next(ctx); err != nil {
			return "", last, err
		}
		w, err := dir.Create(ctx, name, views)
		if err != nil {
			return "", last, err
		}
		p = newProjector(l, w, views, opts.filled())
	}
	name = p.writer.Name()
	if err := p.build(ctx, until); err != nil {
		goesOn := p.checkpoints.reached && (ctx.Err() != nil || errors.Is(err, log.ErrUnavailable) || errors.Is(err, ErrPoisoned))
		if !goesOn {
			err = errors.Join(err, dir.Remove(context.WithoutCancel(ctx), name))
		}
		return "", last, err
	}
	return name, p.last, nil
}

// interrupted returns the build that was interrupted, nil when there is none that leads
// up to a commit.
func interrupted(ctx context.Context, l log.Log, dir *readmodel.Dir, views []view.View, until log.Position, opts Options) (*projector, error) {
	w, err := dir.Resume(ctx, views)
	if errors.Is(err, readmodel.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := resume(ctx, l, w, views, opts)
	switch {
	case err == nil && p.read.Compare(until) <= 0:
		p.checkpoints.reached = true
		return p, nil
	case err == nil: // it is for a later commit
		return nil, w.Close()
	case !mendable(err):
		return nil, errors.Join(err, w.Close())
	}
	return nil, errors.Join(w.Close(), dir.Remove(ctx, w.Name()))
}

// build reads the log up to a commit and finishes the generation.
func (p *projector) build(ctx context.Context, until log.Position) (err error) {
	defer func() { err = errors.Join(err, p.writer.Close()) }()
	if err := p.load(ctx, p.writer.Name(), until.Commit()); err != nil {
		return err
	}
	return p.writer.Finish(ctx)
}

// load reads the log up to a commit and writes all of it.
func (p *projector) load(ctx context.Context, name string, until log.Position) (err error) {
	defer func() { err = errors.Join(err, p.background.wait()) }()
	// Reading ends when nothing that was read is in use any more.
	reading, stop := context.WithCancel(ctx)
	defer stop()
	if err := p.applyUntil(ctx, reading, name, until); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.read.Compare(until) < 0 {
		return fmt.Errorf("%w: no commit at %s, the log ends at %s", log.ErrForeign, until, p.read)
	}
	if err := p.write(ctx, true); err != nil {
		return err
	}
	p.report(name, until)
	return nil
}

// applyUntil folds the commits of the log up to one of them, or up to its end, and
// writes in between. The log is read with a context of its own, which outlives the call.
func (p *projector) applyUntil(ctx, reading context.Context, name string, until log.Position) error {
	if p.read.Compare(until) >= 0 {
		return nil
	}
	commits := p.decode(reading, p.log.Read(reading, p.read, log.Filter{}))
	for t := range commits.Tasks() {
		if err := p.apply(ctx, t, commits); err != nil {
			return err
		}
		if facts := p.fold.Facts(); facts >= p.opts.MaxFacts && !p.background.busy() || facts >= mostFactor*p.opts.MaxFacts {
			if err := p.write(ctx, !p.writer.Bulk()); err != nil {
				return err
			}
			p.report(name, until)
		}
		if p.read.Compare(until) >= 0 {
			break
		}
	}
	return nil
}

// report tells how far the load of a generation is.
func (p *projector) report(name string, goal log.Position) {
	p.opts.Progress(Progress{name, p.last.Ord, p.facts, p.read, goal})
}

// CatchUp reads on in a finished generation to the present head of the log.
func CatchUp(ctx context.Context, l log.Log, dir *readmodel.Dir, name string, views []view.View, opts Options) (err error) {
	until, _, err := l.Head(ctx, log.Filter{})
	if err != nil {
		return err
	}
	w, err := dir.TakeOver(ctx, name, views)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p, err := resume(ctx, l, w, views, opts.filled())
	if err != nil {
		return err
	}
	return p.load(ctx, name, until)
}
