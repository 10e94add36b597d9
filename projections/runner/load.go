package runner

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// load fills a new fold with what a generation holds.
func (f *fold) load(ctx context.Context, w *readmodel.Writer) error {
	events, err := w.CountEvents(ctx)
	if err != nil {
		return err
	}
	f.keys.places = make([]key, placesFor(events))
	l := loader{}
	each(&l, w.Commits(ctx), func(c readmodel.CommitRow) {
		for i := 0; i+16 <= len(c.Keys); i += 16 {
			f.keys.add([16]byte(c.Keys[i:]), timeline.MakeRef(c.Ord, i/16))
		}
	})
	each(&l, w.PendingRetractions(ctx), func(v readmodel.RetractionRow) { f.pending[v.Key] = v.By })
	each(&l, w.Runs(ctx), func(r readmodel.NameRow) { f.runs[r.Name] = timeline.Number(r.No) })
	each(&l, w.Agencies(ctx), func(a readmodel.NameRow) { f.agencies[a.Name] = int(a.No) })
	each(&l, w.Folios(ctx), func(r readmodel.NameRow) {
		if int(r.No) != len(f.persons.folios) && l.err == nil {
			l.err = fmt.Errorf("folio %d: %w", r.No, timeline.ErrDamaged)
		}
		f.persons.folios = append(f.persons.folios, nil)
		f.persons.counties[r.Name] = int(r.No) // the last one is being filled
	})
	for table, s := range f.shelves {
		each(&l, w.LeafSizes(ctx, table), s.know)
	}
	if l.err != nil {
		return l.err
	}
	if err := f.loadPersons(ctx, w); err != nil {
		return err
	}
	if err := f.differ.load(ctx, w); err != nil {
		return err
	}
	if err := f.loadChanging(ctx, w); err != nil {
		return err
	}
	if f.ord = w.Ord(); f.ord > 0 {
		last, err := w.Commit(ctx, f.ord)
		if err != nil {
			return err
		}
		f.clock = log.Resume(last.Recorded)
		f.differ.sealer.state = last.State
	}
	return nil
}

// loadChanging fills the fold with what changes: what an interrupted bulk load
// had at its last checkpoint, or what a finished generation has.
func (f *fold) loadChanging(ctx context.Context, w *readmodel.Writer) error {
	if w.Bulk() {
		parts, err := w.Checkpoint(ctx)
		if err != nil {
			return err
		}
		return f.restore(parts)
	}
	l := loader{}
	each(&l, w.Posts(ctx), func(p readmodel.PostRow) {
		*f.differ.in(len(f.posts)) = p.Division
		f.know(nameOf(p.Name), post{name: p.Name, facts: slices.Clip(p.Facts)})
	})
	each(&l, w.PlanLines(ctx), func(p readmodel.PlanRow) {
		f.planNumbers[p.Key] = int(p.No)
		f.plans = append(f.plans, planLine{key: p.Key, facts: slices.Clip(p.Facts)})
	})
	return l.err
}

// loadPersons takes up the persons in the folios that are there.
func (f *fold) loadPersons(ctx context.Context, w *readmodel.Writer) error {
	n, sound := 0, true
	err := w.Persons(ctx, func(folio int, id uuid.UUID) {
		sound = f.persons.know(id, folio) && sound
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

func (s *shelf) know(l readmodel.LeafSize) {
	b := s.binder(int(l.Owner))
	b.stored = append(b.stored, l)
}

// A loader remembers the first error.
type loader struct{ err error }

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
