// Package transfer moves a log into another one, whatever the drivers of the
// two: each commit of the source becomes a commit of the target, in order, with
// the same id, boundary, events and recorded time.
//
// The recorded time goes along as an imported one, the log having no other way
// to keep it, so every commit of a target counts as an import. Positions and
// revisions are the target's own: whatever saved some of the source's (read
// models do) must be built anew.
//
// A transfer that was ended, by whatever, goes on when it is run again. What
// the target holds by then must be the beginning of the source, commit by
// commit and byte by byte; if it is not, nothing is written. Nothing else may
// write to the target meanwhile. The source may grow; what comes after it was
// opened is left to the next run.
//
// At the end the target is read once more from its beginning, and the Merkle
// root of its events, as they came back, is there to be compared with the
// source's. Memory does not depend on the size of the logs.
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

// ErrDiverged says that the target holds something else than the beginning of
// the source, or more than the source. Nothing was written after the position
// in the text: name another target, or empty it if it is nobody's.
var ErrDiverged = errors.New("transfer: the target is not the beginning of the source")

// A Stage is a part of a transfer.
type Stage string

// The stages, in order.
const (
	Compare Stage = "compare" // what the target holds already with the source
	Append  Stage = "copy"    // the rest
	Check   Stage = "check"   // the target, read from its beginning
)

// A Progress is how far a stage has come.
type Progress struct {
	Stage  Stage
	Events uint64
	Total  uint64 // of both ends; until the check an estimate
}

// A Summary is what one end of a transfer holds.
type Summary struct {
	Commits, Events uint64
	Root            merkle.Hash
	Head            log.Position // of the last commit
}

// A Report says what a transfer did and found.
type Report struct {
	Found          uint64 // commits that the target held already
	Source, Target Summary
}

// Same says whether both ends hold the same events.
func (r Report) Same() bool {
	return r.Source.Commits == r.Target.Commits && r.Source.Events == r.Target.Events && r.Source.Root == r.Target.Root
}

// Run moves what the target lacks and compares both ends; whether they are the
// same is in the report. It tells tell, if that is not nil, how far it is. It
// fails with ErrDiverged, with log.ErrConflict when somebody else writes to the
// target, or with what the logs failed with; then it can be run again.
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

// A reader sums up one end.
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

// A copier is the first two stages of a transfer.
type copier struct {
	target log.Log
	head   log.Position // of the source
	source summarizer
	found  uint64
	last   map[string]log.Revision // of each boundary of the target
	tell   func(Progress)
}

func (c *copier) copy(ctx context.Context, source log.Log) error {
	// The target is read beside the source, for as long as it lasts.
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

// same says whether to is what append makes of from.
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
