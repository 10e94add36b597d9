package folding

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
)

// Load fills a new Fold with what a generation holds. It fails as reading does, and with
// timeline.ErrDamaged when rows contradict each other.
func (f *Fold) Load(ctx context.Context, w *readmodel.Writer) error {
	for _, load := range []func(context.Context, *readmodel.Writer) error{
		f.loadNumbers, f.loadPersons, f.loadLast, f.loadTimelines,
	} {
		if err := load(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// loadNumbers loads the numbers of all but persons and cells, and which leaves are
// stored.
func (f *Fold) loadNumbers(ctx context.Context, w *readmodel.Writer) error {
	events, err := w.CountEvents(ctx)
	if err != nil {
		return err
	}
	f.keys.reserve(events)
	l := loader{}
	each(&l, w.Commits(ctx), func(c readmodel.CommitRow) {
		for i := 0; i+16 <= len(c.Keys); i += 16 {
			f.keys.add([16]byte(c.Keys[i:]), timeline.MakeRef(c.Ord, i/16))
		}
	})
	each(&l, w.PendingRetractions(ctx), func(r readmodel.RetractionRow) { f.pending[r.Key] = r.By })
	each(&l, w.Runs(ctx), func(r readmodel.NameRow) { f.runs[r.Name] = timeline.Number(r.No) })
	each(&l, w.Agencies(ctx), func(a readmodel.NameRow) { f.agencies[a.Name] = int(a.No) })
	each(&l, w.Folios(ctx), func(r readmodel.NameRow) {
		if !f.persons.restoreFolio(int(r.No), r.Name) && l.err == nil {
			l.err = fmt.Errorf("folio %d: %w", r.No, timeline.ErrDamaged)
		}
	})
	for table, b := range f.buffers {
		each(&l, w.LeafSizes(ctx, table), b.Stored)
	}
	return l.err
}

// loadPersons loads the persons in the folios that are there.
func (f *Fold) loadPersons(ctx context.Context, w *readmodel.Writer) error {
	n, sound := 0, true
	err := w.Persons(ctx, func(folio int, id uuid.UUID) {
		sound = f.persons.restore(id, folio) && sound
		n++
	})
	if err == nil && !sound {
		err = fmt.Errorf("a person is in no folio: %w", timeline.ErrDamaged)
	}
	if err == nil {
		f.persons.numberAll(n)
	}
	return err
}

// loadLast loads the last commit, and the views as they are at it.
func (f *Fold) loadLast(ctx context.Context, w *readmodel.Writer) error {
	var state readmodel.State
	if f.ord = w.Ord(); f.ord > 0 {
		last, err := w.Commit(ctx, f.ord)
		if err != nil {
			return err
		}
		f.clock = log.Resume(last.Recorded)
		state = last.State
	}
	return f.views.Load(ctx, w, state)
}

// loadTimelines loads the timelines of posts and plan lines: of an interrupted bulk load
// those of its last checkpoint, of a finished generation its rows.
func (f *Fold) loadTimelines(ctx context.Context, w *readmodel.Writer) error {
	if w.Bulk() {
		parts, err := w.Checkpoint(ctx)
		if err != nil {
			return err
		}
		return f.restoreCheckpoint(parts)
	}
	l := loader{}
	each(&l, w.Posts(ctx), func(p readmodel.PostRow) {
		*f.views.Within(len(f.posts)) = p.Division
		f.addPost(decoding.HashPost(p.Name), post{name: p.Name, facts: slices.Clip(p.Facts)})
	})
	each(&l, w.PlanLines(ctx), func(p readmodel.PlanRow) {
		f.planIndex[p.Key] = int(p.No)
		f.plans = append(f.plans, planLine{key: p.Key, facts: slices.Clip(p.Facts)})
	})
	return l.err
}

// A loader remembers the first error of several loads.
type loader struct{ err error }

// each calls take with each row, unless the loader has failed.
func each[T any](l *loader, rows iter.Seq2[T, error], take func(T)) {
	if l.err != nil {
		return
	}
	for row, err := range rows {
		if err != nil {
			l.err = err
			return
		}
		take(row)
	}
}
