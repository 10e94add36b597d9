package runner

import (
	"context"
	"iter"
	"slices"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// load fills a new fold with what a generation holds.
func (f *fold) load(ctx context.Context, w *readmodel.Writer) error {
	l := loader{}
	each(&l, w.Commits(ctx), func(c readmodel.CommitRow) {
		for i := 0; i+16 <= len(c.Keys); i += 16 {
			// Of a key that stands twice the first event is the one that counts.
			// Two keys with one half are rare enough to be told apart later.
			f.know([16]byte(c.Keys[i:]), timeline.MakeRef(c.Ord, i/16))
		}
	})
	each(&l, w.Pending(ctx), func(v readmodel.VoidRow) { f.pending[v.Key] = v.By })
	each(&l, w.Cells(ctx), f.cells.know)
	each(&l, w.Posts(ctx), func(p readmodel.PostRow) {
		f.postNumbers[p.Name] = p.No
		f.posts = append(f.posts, post{name: p.Name, at: p.Division, facts: slices.Clip(p.Facts)})
	})
	each(&l, w.Plans(ctx), func(p readmodel.PlanRow) {
		f.planNumbers[p.Key] = int(p.No)
		f.plans = append(f.plans, planLine{key: p.Key, facts: slices.Clip(p.Facts)})
	})
	each(&l, w.Runs(ctx), func(r readmodel.NameRow) { f.runs[r.Name] = timeline.Number(r.No) })
	each(&l, w.Agencies(ctx), func(a readmodel.NameRow) { f.agencies[a.Name] = a.No })
	used := map[uint32]int{}
	each(&l, w.Persons(ctx), func(p readmodel.PersonRow) {
		f.persons[p.ID] = p.No
		folio, _ := p.No.Folio()
		used[folio]++
	})
	each(&l, w.Folios(ctx), func(r readmodel.NameRow) {
		f.folios = r.No
		f.counties[r.Name] = &county{folio: r.No, used: used[uint32(r.No)]} // the last one is being filled
	})
	each(&l, w.Leaves(ctx), f.leaves.know)
	each(&l, w.AgencyLeaves(ctx), f.refs.know)
	for _, v := range f.views {
		r := f.rows[v.Name]
		if v.Spans != nil {
			each(&l, w.Spans(ctx, v.Name), func(s readmodel.SpanRow) { r.holding[s.Post] = append(r.holding[s.Post], s) })
		}
		for _, held := range r.holding {
			slices.SortFunc(held, compareSpans)
		}
		var err error
		if r.last, err = w.Last(ctx, v.Name); err != nil {
			return err
		}
		r.written = r.last
	}
	if l.err != nil {
		return l.err
	}
	if f.ord = w.Ord(); f.ord > 0 {
		last, err := w.Commit(ctx, f.ord)
		if err != nil {
			return err
		}
		f.clock = log.Resume(last.Recorded)
	}
	return nil
}

// know takes up the key of a stored event.
func (f *fold) know(key [16]byte, ref timeline.Ref) {
	if _, ok := f.keys.half[half(key)]; ok {
		if _, ok := f.keys.whole[key]; !ok {
			f.keys.whole[key] = ref
		}
		return
	}
	f.keys.half[half(key)] = ref
}

func (s *shelf) know(l readmodel.LeafSize) {
	b := s.binder(l.Of)
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
