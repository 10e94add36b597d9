package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// While commits keep coming a transaction gathers for longest, or until it has
// MaxFacts. Where that would mean to write all the time, since each transaction
// writes posts and leaves again, it gathers on for rest times as long as the one
// before took, and up to most times MaxFacts. Where it has caught up, it gathers
// as long as the one before took. A bulk load gathers up to most times MaxFacts
// while the one before is being written: checkpoints take long.
const (
	longest = time.Second
	rest    = 4
	most    = 5
)

// A bulk load has at least leastGather bytes of leaves, and rarely times as many as
// the last checkpoint took, from one checkpoint to the next: some twenty million
// facts, of which ten seconds of work on two cores may have to be done again. With a
// quarter of that, checkpoints of a province take a fortieth of its rebuild.
const (
	leastGather = 512 << 20
	rarely      = 4
)

var errEnded = fmt.Errorf("%w: the log ended without an error", log.ErrUnavailable)

// A projector writes one generation from the log.
type projector struct {
	log    log.Log
	writer *readmodel.Writer
	fold   *fold
	opts   Options
	last   readmodel.Commit // written, or being written
	read   log.Position     // folded
	facts  uint64
	saved  bool // a bulk load has reached a checkpoint
	took   int  // bytes of the last one, where this projector wrote it
	since  int  // bytes of leaves that were taken since then

	// A bulk load folds on while a batch is written, whose end is told here.
	// Nothing else may use the writer until then.
	written readmodel.Batch
	writing chan error
}

func newProjector(l log.Log, w *readmodel.Writer, views []view.View, opts Options) *projector {
	p := &projector{log: l, writer: w, fold: newFold(views), opts: opts}
	p.fold.stored = p.stored
	return p
}

// stored returns a commit that was taken from the fold.
func (p *projector) stored(ctx context.Context, ord uint64) (readmodel.CommitRow, error) {
	if w := p.written.Commits; len(w) > 0 && ord >= w[0].Ord {
		return w[ord-w[0].Ord], nil
	}
	if err := p.settle(); err != nil {
		return readmodel.CommitRow{}, err
	}
	return p.writer.Commit(ctx, ord)
}

// writes says whether a batch is being written.
func (p *projector) writes() bool { return p.writing != nil && len(p.writing) == 0 }

// settle waits until a batch that is being written is.
func (p *projector) settle() error {
	if p.writing == nil {
		return nil
	}
	err := <-p.writing
	p.writing = nil
	return err
}

// Build makes a new generation of what the log holds up to a commit; the zero
// position stands for the head of the log. The generation is finished and not
// in use; it is removed by the caller if Build fails.
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

// Rebuild is Build of a generation that the directory names. It goes on with a
// build that was interrupted, of the same log and the same views, from the last
// checkpoint that it reached; and one that is interrupted now, by the end of the
// context, a log that cannot be reached or an event that cannot be read, is left
// there to go on with.
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
		goesOn := p.saved && (ctx.Err() != nil || errors.Is(err, log.ErrUnavailable) || errors.Is(err, ErrPoisoned))
		if !goesOn {
			err = errors.Join(err, dir.Remove(context.WithoutCancel(ctx), name))
		}
		return "", last, err
	}
	return name, p.last, nil
}

// interrupted returns the build that was interrupted, nil where there is none
// that leads up to a commit.
func interrupted(ctx context.Context, l log.Log, dir *readmodel.Dir, views []view.View, until log.Position, opts Options) (*projector, error) {
	w, err := dir.Resume(ctx, views)
	if errors.Is(err, readmodel.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := takeUp(ctx, l, w, views, opts)
	switch {
	case err == nil && p.read.Compare(until) <= 0:
		p.saved = true
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
	defer func() { err = errors.Join(err, p.settle()) }()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	if p.read.Compare(until) < 0 {
		commits := start(reading, p.log.Read(reading, p.read, log.Filter{}), p.fold.differ.views, p.opts)
		for d := range commits.queue {
			if err := p.step(ctx, d, commits); err != nil {
				return err
			}
			if p.fold.facts >= p.opts.MaxFacts && !p.writes() || p.fold.facts >= most*p.opts.MaxFacts {
				if err := p.write(ctx, !p.writer.Bulk()); err != nil {
					return err
				}
				p.opts.Progress(Progress{name, p.last.Ord, p.facts, p.read, until})
			}
			if p.read.Compare(until) >= 0 {
				break
			}
		}
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
	p.opts.Progress(Progress{name, p.last.Ord, p.facts, p.read, until})
	return nil
}

// takeUp goes on with a generation that was taken over.
func takeUp(ctx context.Context, l log.Log, w *readmodel.Writer, views []view.View, opts Options) (*projector, error) {
	p := newProjector(l, w, views, opts)
	if err := p.fold.load(ctx, w); err != nil {
		return nil, err
	}
	return p, p.verify(ctx)
}

// verify checks that the last commit that was written is the log's, and fails
// with log.ErrForeign when it is not.
func (p *projector) verify(ctx context.Context) error {
	if p.fold.ord == 0 {
		return nil
	}
	last, err := p.writer.Commit(ctx, p.fold.ord)
	if err != nil {
		return fmt.Errorf("%w: %w", readmodel.ErrUnusable, err)
	}
	c, err := p.commit(ctx, p.fold.ord)
	if err != nil {
		return err
	}
	if c.Position != last.Position || c.ID != last.ID {
		return fmt.Errorf("%w: the read model has seen commit %q at %s, the log has %q at %s", log.ErrForeign, last.ID, last.Position, c.ID, c.Position)
	}
	p.last, p.read = last.Commit, last.Position
	return nil
}

// goOn takes back what the projector before said of why it stopped.
func (p *projector) goOn(ctx context.Context) error {
	why, err := p.writer.Stopped(ctx)
	if err != nil || why == "" {
		return err
	}
	return p.writer.Write(ctx, &readmodel.Batch{Stopped: new(string)})
}

// follow keeps the generation up to date; written is called after each
// transaction and now and then between.
func (p *projector) follow(ctx context.Context, written func() error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	commits := start(ctx, p.log.Follow(ctx, p.read, log.Filter{}), p.fold.differ.views, p.opts)
	var first, last time.Time // when the batch began, when the one before was written
	var took time.Duration    // by the one before
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	write := func() error {
		begun := time.Now()
		if err := p.write(ctx, true); err != nil {
			return err
		}
		first, last = time.Time{}, time.Now()
		took = last.Sub(begun)
		return written()
	}
	every := func() time.Duration { return max(p.opts.Every, took) }
	for {
		select {
		case d, ok := <-commits.queue:
			if !ok {
				return cmp.Or(ctx.Err(), errEnded)
			}
			if err := p.step(ctx, d, commits); err != nil {
				if errors.Is(err, ErrPoisoned) { // what came before is good
					why := err.Error()
					p.fold.batch.Stopped = &why
					err = errors.Join(err, write())
				}
				return err
			}
			now := time.Now()
			if first.IsZero() {
				first = now
				due.Reset(max(0, every()-now.Sub(last)))
			}
			caughtUp := len(commits.queue) == 0 && now.Sub(last) >= every()
			full := p.fold.facts >= p.opts.MaxFacts || now.Sub(first) >= longest
			if caughtUp || full && now.Sub(last) >= rest*took || p.fold.facts >= most*p.opts.MaxFacts {
				if err := write(); err != nil {
					return err
				}
			}
		case <-due.C:
			if !first.IsZero() && len(commits.queue) == 0 {
				if err := write(); err != nil {
					return err
				}
			}
		case <-tick.C:
			if err := written(); err != nil {
				return err
			}
		}
	}
}

// step folds one commit of a pipeline, which has it back then.
func (p *projector) step(ctx context.Context, d *decoded, of *pipeline) error {
	<-d.done
	if d.err != nil {
		return d.err
	}
	p.read = d.Position
	p.facts += uint64(d.facts)
	return p.fold.apply(ctx, &d.digest, func() { of.giveBack(d) })
}

// write writes what was folded. In a bulk load, all says that it ends.
func (p *projector) write(ctx context.Context, all bool) error {
	var read leafReader
	if !p.writer.Bulk() {
		read = func(table string, of int64, last timeline.Ref) ([]byte, error) {
			return p.writer.ReadLeaf(ctx, table, of, last)
		}
	}
	if err := p.fold.differ.rest(); err != nil {
		return err
	}
	gathered, least := p.fold.gathered(), 0
	checkpoint := p.writer.Bulk() && !all && p.since+gathered > p.gather()
	if p.writer.Bulk() && !all && !checkpoint {
		// So that little is left for the end, when nothing else is to be done.
		least = leafWorth
	}
	b, err := p.fold.take(all, least, read)
	if err != nil {
		return err
	}
	p.since += gathered - p.fold.gathered()
	if checkpoint {
		b.Checkpoint, p.saved, p.since = p.fold.checkpoint(), true, 0
		p.took = 0
		for _, part := range b.Checkpoint {
			p.took += len(part)
		}
	}
	if err := p.settle(); err != nil {
		return err
	}
	for table, s := range p.fold.shelves {
		s.reuse(p.written.Leaves[table])
	}
	p.written = readmodel.Batch{}
	if p.writer.Bulk() && !all {
		done := make(chan error, 1)
		p.written, p.writing = b, done
		go func() { done <- p.writer.Write(ctx, &b) }()
	} else if err := p.writer.Write(ctx, &b); err != nil {
		return err
	}
	if n := len(b.Commits); n > 0 {
		p.last = b.Commits[n-1].Commit
	}
	return nil
}

// gather is how many bytes of leaves there are from one checkpoint to the next. A
// checkpoint has everything that changes, which grows with the log, and every leaf
// that is begun is written with it.
func (p *projector) gather() int {
	if p.opts.Gather > 0 {
		return p.opts.Gather
	}
	return max(leastGather, rarely*p.took)
}

// commit reads a commit from the log again.
func (p *projector) commit(ctx context.Context, ord uint64) (log.Commit, error) {
	var before log.Position
	if ord > 1 {
		c, err := p.fold.folded(ctx, ord-1)
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
	p, err := takeUp(ctx, l, w, views, opts.filled())
	if err != nil {
		return err
	}
	return p.load(ctx, name, until)
}
