// Package replay builds the read model from the log again, beside the living
// one, and says in which rows the two differ.
//
// The living generation stays in use and goes on meanwhile. Both are compared as
// they were at one commit: rows carry the ordinal that they are known since, so
// the one that has read further can be asked for what it was. Then the new one
// reads on to the head of the log and the directory is switched to it, in one
// rename; whoever follows the directory (runner.Runner, readmodel.Dir) goes
// over by itself. The generation before stays until the next switch: Back is
// the way back.
//
// A replay that is interrupted leaves the living generation as it was, and
// nothing else that counts.
package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/comparison"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/view"
)

// Options say what to do.
type Options struct {
	// DryRun compares and throws the new generation away.
	DryRun bool
	// Until, when set, is the last commit to read; in the directory of the living
	// generation the new one is not switched to then.
	Until log.Position
	// Into, when set, is the directory that the new generation is made and switched
	// to in; the living one is compared with, and let be.
	Into *readmodel.Dir
	// SetAside are events to be left out if they cannot be read, beside those that
	// the living generation leaves out.
	SetAside []log.Position
	// Examples is how many differing rows a table are shown; 5 where it is 0.
	Examples int
	// Progress, when set, is told how far the rebuild is.
	Progress func(runner.Progress)
}

// A Report says what a replay found.
type Report struct {
	Living  string // generation compared with; empty when there was none
	Rebuilt string
	// At is the commit at which the two were compared, and that the new one was
	// built up to.
	At     readmodel.Commit
	Tables []comparison.TableDifference
	// SetAside are the events that the new generation leaves out.
	SetAside []readmodel.SetAside
	// LivingState is that of the living generation at the commit, to be held
	// against At.State; zero where it is not known.
	LivingState readmodel.State
	Switched    bool
}

// Same says whether no row differs.
func (r Report) Same() bool {
	for _, t := range r.Tables {
		if !t.Same() {
			return false
		}
	}
	return true
}

// Run rebuilds the read model of a directory from the log.
func Run(ctx context.Context, l log.Log, dir *readmodel.Dir, views []view.View, o Options) (report Report, err error) {
	if o.Examples == 0 {
		o.Examples = 5
	}
	into, keep := o.Into, !o.DryRun
	if into == nil {
		into, keep = dir, keep && o.Until.IsZero()
	}
	living, err := dir.Reader(ctx)
	if err != nil && !errors.Is(err, readmodel.ErrNone) && !errors.Is(err, readmodel.ErrUnusable) {
		return report, err
	}
	until, options := o.Until, runner.Options{Progress: o.Progress, SetAside: slices.Clone(o.SetAside)}
	if living != nil {
		// The living one is at a commit now, and only grows from there.
		m, err := living.Meta(ctx)
		if err != nil {
			return report, err
		}
		if report.Living = m.Generation; until.IsZero() {
			until = m.Position
		}
		for _, s := range m.SetAside {
			options.SetAside = append(options.SetAside, s.Position)
		}
	}
	if report.Rebuilt, report.At, err = runner.Rebuild(ctx, l, into, views, until, options); err != nil {
		return report, fmt.Errorf("rebuild: %w", err)
	}
	defer func() {
		if !report.Switched {
			err = errors.Join(err, into.Remove(context.WithoutCancel(ctx), report.Rebuilt))
		}
	}()
	if living != nil {
		if err := report.compare(ctx, living, into, o.Examples); err != nil {
			return report, err
		}
	}
	if !keep {
		return report, nil
	}
	if o.Until.IsZero() {
		if err := runner.CatchUp(ctx, l, into, report.Rebuilt, views, options); err != nil {
			return report, fmt.Errorf("catch up: %w", err)
		}
	}
	if err := into.Switch(ctx, report.Rebuilt); err != nil {
		return report, err
	}
	report.Switched = true
	return report, nil
}

// compare compares the new generation with the living one at the commit.
func (r *Report) compare(ctx context.Context, living *readmodel.Reader, into *readmodel.Dir, examples int) (err error) {
	rebuilt, err := into.Open(ctx, r.Rebuilt)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rebuilt.Close()) }()
	m, err := rebuilt.Meta(ctx)
	if err != nil {
		return err
	}
	r.SetAside = m.SetAside
	if m, err = living.Meta(ctx); err != nil {
		return err
	}
	if m.Ord >= r.At.Ord {
		c, err := living.Commit(ctx, r.At.Ord)
		if err != nil && !errors.Is(err, readmodel.ErrUnknown) {
			return err
		}
		r.LivingState = c.State
	}
	r.Tables, err = comparison.Compare(ctx, living, rebuilt, min(r.At.Ord, m.Ord), examples)
	return err
}

// Back switches a directory to the generation that was in use before, and
// returns its name. It fails with readmodel.ErrNone when there is none.
func Back(ctx context.Context, dir *readmodel.Dir) (string, error) {
	now, err := dir.Current(ctx)
	if err != nil {
		return "", err
	}
	names, err := dir.Generations(ctx)
	if err != nil {
		return "", err
	}
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] < now {
			return names[i], dir.Switch(ctx, names[i])
		}
	}
	return "", fmt.Errorf("no generation before %s: %w", now, readmodel.ErrNone)
}
