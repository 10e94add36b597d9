// Package transfer copies a log into another one, whatever the drivers are. Each
// commit of the source becomes a commit of the target, in the same order, with the
// same ID, boundary, events and recorded time.
//
// The target stores the recorded time as that of an import, since a log has no other
// way to store a given time. Every commit of a target therefore counts as imported.
// Positions and revisions differ between source and target, so everything that saved
// positions, such as a read model, must be rebuilt.
//
// A transfer that was interrupted can be run again. The target must then hold the
// beginning of the source, commit by commit and byte by byte; otherwise nothing is
// written. Nothing else may write to the target during a transfer. Commits that are
// appended to the source after the transfer began are left to the next run.
//
// At the end the transfer reads the target from its beginning and computes the Merkle
// root of its events, which the [Report] compares with that of the source. Memory use
// does not depend on the size of the logs.
package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/merkle"
)

// ErrDiverged is returned if the target is not the beginning of the source: a commit
// differs, or the target has more commits. Nothing was written after the position in
// the text. Name another target, or empty this one if it is not in use.
var ErrDiverged = errors.New("transfer: the target is not the beginning of the source")

// A Stage is a part of a transfer.
type Stage string

// The stages, in order.
const (
	Compare Stage = "compare" // comparing the commits that the target holds already
	Append  Stage = "copy"    // appending the remaining commits
	Check   Stage = "check"   // reading the target from its beginning
)

// A Progress says how far a stage has come.
type Progress struct {
	Stage  Stage
	Events uint64
	Total  uint64 // total of both logs; an estimate until the check
}

// A Summary describes the content of one log.
type Summary struct {
	Commits, Events uint64
	Root            merkle.Hash
	Head            log.Position // position of the last commit
}

// A Report is the result of a transfer.
type Report struct {
	Found          uint64 // number of commits that the target already held
	Source, Target Summary
}

// Same reports whether both logs hold the same events.
func (r Report) Same() bool {
	return r.Source.Commits == r.Target.Commits && r.Source.Events == r.Target.Events && r.Source.Root == r.Target.Root
}

// Run copies the commits that the target lacks, and then compares both logs; the
// report says whether they are the same. If tell is not nil, Run calls it with its
// progress. The error is ErrDiverged, log.ErrConflict if someone else writes to the
// target, or the error of one of the logs. The transfer can then be run again.
func Run(ctx context.Context, source, target log.Log, tell func(Progress)) (Report, error) {
	if tell == nil {
		tell = func(Progress) {}
	}
	head, _, err := source.Head(ctx, log.Filter{})
	if err != nil {
		return Report{}, fmt.Errorf("read the source: %w", err)
	}
	copied := copier{target: target, head: head, last: map[string]log.Revision{}, tell: tell}
	if err := copied.copy(ctx, source); err != nil {
		return Report{}, err
	}
	r := Report{Found: copied.found, Source: copied.source.summary()}
	var got summarizer
	for c, err := range target.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			return Report{}, fmt.Errorf("read the target: %w", err)
		}
		got.add(c)
		tell(Progress{Check, got.tree.Size(), r.Source.Events})
	}
	r.Target = got.summary()
	return r, nil
}

// A summarizer computes the Summary of a log.
type summarizer struct {
	tree    merkle.Tree
	commits uint64
	head    log.Position
}

func (r *summarizer) add(c log.Commit) {
	for _, e := range c.Events {
		r.tree.Add(e)
	}
	r.commits++
	r.head = c.Position
}

func (r *summarizer) summary() Summary {
	return Summary{r.commits, r.tree.Size(), r.tree.Root(), r.head}
}

// A copier performs the first two stages of a transfer.
type copier struct {
	target log.Log
	head   log.Position // position of the source's last commit
	source summarizer
	found  uint64
	last   map[string]log.Revision // last revision of each boundary of the target
	tell   func(Progress)
}

func (c *copier) copy(ctx context.Context, source log.Log) error {
	// As long as the target has commits, they are compared with those of the source.
	next, stop := iter.Pull2(c.target.Read(ctx, log.Position{}, log.Filter{}))
	defer stop()
	more := true
	for from, err := range source.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		var to log.Commit
		if more {
			if to, err, more = next(); err != nil {
				return fmt.Errorf("read the target: %w", err)
			}
		}
		stage := Compare
		if more {
			if err := same(from, to); err != nil {
				return err
			}
			c.last[to.Boundary] = to.Revision
			c.found++
		} else {
			stage = Append
			if err := c.append(ctx, from); err != nil {
				return err
			}
		}
		c.source.add(from)
		events := c.source.tree.Size()
		c.tell(Progress{stage, events, uint64(float64(events) / from.Position.Share(c.head))})
	}
	if more {
		to, err, more := next()
		if err != nil {
			return fmt.Errorf("read the target: %w", err)
		}
		if more {
			return fmt.Errorf("%w: it goes on at %s, the source ends after %d commits", ErrDiverged, to.Position, c.source.commits)
		}
	}
	return nil
}

func (c *copier) append(ctx context.Context, from log.Commit) error {
	_, revision, err := c.target.Append(ctx, log.Commit{ID: from.ID, Boundary: from.Boundary, Events: from.Events, Imported: from.Recorded}, c.last[from.Boundary])
	switch {
	case errors.Is(err, log.ErrConflict):
		return fmt.Errorf("write commit %s of the source: somebody else writes to the target: %w", from.Position, err)
	case err != nil:
		return fmt.Errorf("write commit %s of the source: %w", from.Position, err)
	}
	c.last[from.Boundary] = revision
	return nil
}

// same returns an error unless to is the result of appending from.
func same(from, to log.Commit) error {
	differ := func(what string, is, was any) error {
		return fmt.Errorf("%w: its commit at %s has %s %v, that of the source at %s has %v", ErrDiverged, to.Position, what, is, from.Position, was)
	}
	switch {
	case to.ID != from.ID:
		return differ("the id", to.ID, from.ID)
	case to.Boundary != from.Boundary:
		return differ("the boundary", to.Boundary, from.Boundary)
	case len(to.Events) != len(from.Events):
		return differ("a number of events of", len(to.Events), len(from.Events))
	case to.Imported.IsZero():
		return differ("no imported time, but", to.Recorded.Format(time.RFC3339Nano), from.Recorded.Format(time.RFC3339Nano))
	case !to.Imported.Equal(from.Recorded):
		return differ("the recorded time", to.Imported.Format(time.RFC3339Nano), from.Recorded.Format(time.RFC3339Nano))
	}
	for i := range to.Events {
		if !bytes.Equal(to.Events[i], from.Events[i]) {
			return fmt.Errorf("%w: its event at %s has other bytes than that of the source at %s", ErrDiverged, to.Position.Event(i), from.Position.Event(i))
		}
	}
	return nil
}
