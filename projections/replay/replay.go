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

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
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
	At       readmodel.Commit
	Tables   []readmodel.TableDifference
	Switched bool
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
	until := o.Until
	if living != nil {
		// The living one is at a commit now, and only grows from there.
		m, err := living.Meta(ctx)
		if err != nil {
			return report, err
		}
		if report.Living = m.Generation; until.IsZero() {
			until = m.Position
		}
	}
	options := runner.Options{Progress: o.Progress}
	if report.Rebuilt, report.At, err = runner.Rebuild(ctx, l, into, views, until, options); err != nil {
		return report, fmt.Errorf("rebuild: %w", err)
	}
	defer func() {
		if !report.Switched {
			err = errors.Join(err, into.Remove(context.WithoutCancel(ctx), report.Rebuilt))
		}
	}()
	if living != nil {
		if report.Tables, err = compare(ctx, living, into, report.Rebuilt, report.At.Ord, o.Examples); err != nil {
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

func compare(ctx context.Context, living *readmodel.Reader, dir *readmodel.Dir, name string, ord uint64, examples int) (tables []readmodel.TableDifference, err error) {
	rebuilt, err := dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rebuilt.Close()) }()
	m, err := living.Meta(ctx)
	if err != nil {
		return nil, err
	}
	return readmodel.Compare(ctx, living, rebuilt, min(ord, m.Ord), examples)
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
