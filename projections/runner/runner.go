// Package runner reads the log and keeps a read model up to date.
//
// Commits pass through a pipeline, each box of which is a goroutine or several:
//
//	log ─→ reader ─→ decoders ─→ fold ─→ view updater ─→ batch ─→ writer ─→ store
//	       └── package decoding ──┘   folding    delta
//
//	decoders      what each event says, packed, and about whom, by name; several
//	              commits at a time, in any order
//	fold          in log order: numbers in place of names, facts appended to the
//	              timelines of posts, plan lines and persons
//	view updater  in log order: what changes in the contributions to the views, and
//	              the hash of the state
//	writer        one transaction for many commits, with their last position; in the
//	              background during a bulk load, else by whoever folds
//
// Each event is decoded once and feeds every view. The rows and the position of some
// commits are written in one transaction, so each event counts exactly once, whatever
// process is killed at whatever moment. Rows do not depend on batches, restarts or the
// number of goroutines: differences are taken commit by commit, and numbers are given
// in log order. The clock of the machine decides when to write, and never what.
//
// An event that cannot be read stops the runner with [ErrPoisoned], which names its
// position. Nothing behind the event is read, and the read model says so. An operator
// can set the event aside ([Options].SetAside): then the event is left out, and the read
// model says that, too.
//
// A generation belongs to one runner. When another runner takes it over, the first one
// ends with readmodel.ErrFenced at its next transaction, and that transaction writes
// nothing.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// ErrPoisoned says that an event in the log cannot be read, or is of a type that this
// version knows no use for. Nothing behind it has been projected. It takes a version
// of Muster that understands it, or an operator who looks at the log.
var ErrPoisoned = decoding.ErrPoisoned

// Options tune a Runner. The zero Options are the ones to begin with.
type Options struct {
	// Workers is how many goroutines decode; 0 stands for 2.
	Workers int
	// Every is how long a change may wait to be written while the log is quiet;
	// 0 stands for 50 ms.
	Every time.Duration
	// MaxFacts is how many facts one transaction takes at most, but for those of its
	// last commit; 0 stands for 200,000. Up to five times as many are taken by a bulk
	// load whose transaction before is still being written, and by a runner that is far
	// behind the log.
	MaxFacts int
	// Gather is how many bytes a bulk load adds to leaves, which are mostly facts of
	// persons, from one checkpoint to the next. 0 stands for 512 MiB, or four times
	// the size of the last checkpoint when that is more.
	Gather int
	// SetAside are the positions of events that are left out if they cannot be read,
	// in place of stopping the runner. The read model names them. An event that can be
	// read is never left out.
	SetAside []log.Position
	// Standby makes Run wait while another runner keeps the generation in use up
	// to date, and take over when that one is gone, lets go, or has shown no sign
	// of life for Patience. One that is taken over stands by again.
	Standby bool
	// Patience is how long a runner may show no sign of life; 0 stands for 10 s. It
	// decides when to take over and nothing else: a runner that was taken over writes
	// nothing any more, however long it slept.
	Patience time.Duration
	// StandingBy, when set, is told when Run begins to wait and when it no longer
	// does.
	StandingBy func(bool)
	// Progress, when set, is told of rebuilds under way.
	Progress func(Progress)
}

// A Progress is how far a rebuild has come.
type Progress struct {
	Generation string
	Commits    uint64
	Facts      uint64
	Position   log.Position // read up to here
	Goal       log.Position
}

// A Runner keeps the generation in use of a directory up to date. Its methods
// are safe for concurrent use; Run is called once.
type Runner struct {
	log   log.Log
	dir   *readmodel.Dir
	views []view.View
	opts  Options

	mu         sync.Mutex
	generation string
	last       readmodel.Commit
	moved      chan struct{} // closed and replaced when last moves
}

// New returns a Runner. Run starts it.
func New(l log.Log, dir *readmodel.Dir, views []view.View, opts Options) *Runner {
	return &Runner{log: l, dir: dir, views: views, opts: opts.filled(), moved: make(chan struct{})}
}

func (o Options) filled() Options {
	if o.Workers == 0 {
		o.Workers = 2
	}
	if o.Every == 0 {
		o.Every = 50 * time.Millisecond
	}
	if o.MaxFacts == 0 {
		o.MaxFacts = 200_000
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.StandingBy == nil {
		o.StandingBy = func(bool) {}
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return o
}

// Run keeps the read model up to date until the context ends or something fails. It
// takes over the generation in use, and goes over to another one when the directory is
// switched to it. A store that does not answer is asked again until it does. When there
// is no generation, or the one in use is damaged, of other versions, of another log, or
// held by a projector that does not let go, Run builds a new one from the log first.
func (r *Runner) Run(ctx context.Context) error {
	rebuilt := false
	for {
		if r.opts.Standby {
			if err := r.standBy(ctx); err != nil {
				return err
			}
		}
		err := r.generationRun(ctx)
		if err != nil && !rebuilt && mendable(err) && ctx.Err() == nil {
			rebuilt = true
			if err = r.renew(ctx, err); err == nil {
				continue
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, readmodel.ErrUnavailable), errors.Is(err, readmodel.ErrBusy), errors.Is(err, fs.ErrExist):
			// Two that begin to build at once want one name: one of them waits.
			rebuilt = false
			if err := pause(ctx, time.Second); err != nil {
				return err
			}
		case errors.Is(err, readmodel.ErrFenced) && r.opts.Standby:
			rebuilt = false
		case !errors.Is(err, errSwitched):
			return err
		}
	}
}

// pause waits for some time. It fails with the error of the context when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mendable reports whether building from the log again mends an error.
func mendable(err error) bool {
	return errors.Is(err, readmodel.ErrNone) || errors.Is(err, readmodel.ErrUnusable) ||
		errors.Is(err, readmodel.ErrHeld) || errors.Is(err, timeline.ErrDamaged) || errors.Is(err, log.ErrForeign)
}

// errSwitched says that the directory names another generation.
var errSwitched = errors.New("runner: generation was switched")

// generationRun keeps the generation in use up to date.
func (r *Runner) generationRun(ctx context.Context) error {
	name, err := r.dir.Current(ctx)
	if err != nil {
		return err
	}
	w, err := r.dir.TakeOver(ctx, name, r.views)
	if err != nil {
		return err
	}
	defer w.Close()
	living, stop := beating(ctx, w)
	err = r.keepUp(living, w)
	stop()
	// A runner that was taken over reads rows that its successor writes, and may find
	// them damaged. The reason is that it was taken over.
	if errors.Is(context.Cause(living), readmodel.ErrFenced) || errors.Is(w.CheckFence(ctx), readmodel.ErrFenced) {
		return readmodel.ErrFenced
	}
	return err
}

// keepUp reads on in a generation for as long as it is the one in use.
func (r *Runner) keepUp(ctx context.Context, w *readmodel.Writer) error {
	p, err := resume(ctx, r.log, w, r.views, r.opts)
	if err != nil {
		return fmt.Errorf("%s: %w", w.Name(), err)
	}
	r.move(w.Name(), p.last)
	if err := p.clearStopped(ctx); err != nil {
		return err
	}
	return p.follow(ctx, func() error {
		r.move(w.Name(), p.last)
		switch now, err := r.dir.Current(ctx); {
		case err != nil:
			return err
		case now != w.Name():
			return errSwitched
		}
		return nil
	})
}

// renew builds a new generation up to the head of the log and switches to it.
func (r *Runner) renew(ctx context.Context, why error) error {
	name, _, err := Rebuild(ctx, r.log, r.dir, r.views, log.Position{}, r.opts)
	if err != nil {
		return fmt.Errorf("rebuild, since %w: %w", why, err)
	}
	return r.dir.Switch(ctx, name)
}

func (r *Runner) move(generation string, last readmodel.Commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generation, r.last = generation, last
	close(r.moved)
	r.moved = make(chan struct{})
}

// A Status is how far the read model is.
type Status struct {
	Generation string
	readmodel.Commit
	Head   log.Position // of the log
	Behind bool
	// Age is how long ago the last commit shown was recorded, while there are
	// later ones; 0 otherwise.
	Age time.Duration
}

// Status compares the read model with the head of the log.
func (r *Runner) Status(ctx context.Context, now time.Time) (Status, error) {
	r.mu.Lock()
	s := Status{Generation: r.generation, Commit: r.last}
	r.mu.Unlock()
	var err error
	if s.Head, _, err = r.log.Head(ctx, log.Filter{}); err != nil {
		return s, err
	}
	if s.Behind = s.Position.Compare(s.Head) < 0; s.Behind && s.Ord > 0 {
		s.Age = now.Sub(s.Recorded)
	}
	return s, nil
}

// Wait returns once the read model shows the event at a position, or with the
// context's error.
func (r *Runner) Wait(ctx context.Context, p log.Position) error {
	for {
		r.mu.Lock()
		shown, moved := r.last.Position, r.moved
		r.mu.Unlock()
		if shown.Compare(p.Commit()) >= 0 {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
