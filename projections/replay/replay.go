// Package replay rebuilds the read model from the log beside the living
// generation and reports the rows in which the two generations differ.
//
// The living generation stays in use and keeps following the log during a
// replay. The two generations are compared as of one commit: each row carries
// the ordinal since which it is known, so the generation that has read further
// can be queried as of an earlier commit. After the comparison the new
// generation reads on to the head of the log, and one rename switches the
// directory to it. Readers of the directory (runner.Runner, readmodel.Dir)
// notice the switch by themselves. The previous generation is kept until the
// next switch; Back returns to it.
//
// A replay that is interrupted leaves the living generation unchanged.
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

// Options configure a replay.
type Options struct {
	// DryRun makes Run compare the generations and then remove the new one.
	DryRun bool
	// Until, when set, is the last commit that Run reads. A generation that
	// ends at Until is never switched to in the directory of the living
	// generation.
	Until log.Position
	// Into, when set, is the directory in which the new generation is built and
	// switched to. The living generation is compared with it and stays in use
	// in its own directory.
	Into *readmodel.Dir
	// SetAside lists events that Run leaves out if they cannot be read, in
	// addition to the events that the living generation leaves out.
	SetAside []log.Position
	// Examples is the number of differing rows to report per table; 0 means 5.
	Examples int
	// Progress, when set, is called with the progress of the rebuild.
	Progress func(runner.Progress)
}

// A Report holds the result of a replay.
type Report struct {
	Living  string // name of the generation compared with; empty if there was none
	Rebuilt string
	// At is the commit up to which the new generation was built before the
	// comparison. The generations are compared as of At, or as of the last
	// commit of the living generation if that is earlier.
	At     readmodel.Commit
	Tables []comparison.TableDifference
	// SetAside lists the events that the new generation leaves out.
	SetAside []readmodel.SetAside
	// LivingState is the state of the living generation at the commit At, for
	// comparison with At.State. It is zero if it is not known.
	LivingState readmodel.State
	Switched    bool
}

// Same reports whether the generations have no differing row.
func (r Report) Same() bool {
	for _, t := range r.Tables {
		if !t.Same() {
			return false
		}
	}
	return true
}

// Run rebuilds the read model of dir from the log, compares the new generation
// with the living one, and switches to the new generation unless the options
// forbid it. Run switches even if rows differ. A new generation that is not
// switched to is removed.
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
		// The living generation has reached the commit m.Position and never
		// goes back, so it can be queried as of that commit.
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

// compare compares the new generation with the living one as of r.At.
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

// Back switches a directory to the generation before the current one and
// returns the name of that generation. Back returns readmodel.ErrNone if there
// is no such generation.
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
