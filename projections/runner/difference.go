package runner

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// rows are those of one view that are not written yet, and its spans that
// hold.
type rows struct {
	last    int64 // ID of the last row
	written int64 // rows up to this ID are in the read model, unless they no longer hold
	holding map[timeline.Number][]readmodel.SpanRow
	sums    []part
}

// A part is n of a contribution, at its place.
type part struct {
	cell    int64
	date    civil.Date
	measure int
	n       int
}

func newRows() *rows { return &rows{holding: map[timeline.Number][]readmodel.SpanRow{}} }

func comparePlaces(a, b part) int {
	return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.date, b.date), cmp.Compare(a.measure, b.measure))
}

// difference adds to the batch what the commit changed in the contributions of
// the timelines that it touched.
func (f *fold) difference() error {
	for _, t := range f.touched {
		p := &f.posts[t.number]
		before, err := timeline.ReadPost(p.facts[:t.before], timeline.Head)
		if err != nil {
			return err
		}
		now, err := timeline.ReadPost(p.facts, timeline.Head)
		if err != nil {
			return err
		}
		a, _ := now.Attributes()
		p.at = a.Division
		f.changed.posts[t.number] = true
		for _, v := range f.views {
			switch {
			case v.Post != nil:
				v.Post(before, f.emit(v, -1))
				v.Post(now, f.emit(v, 1))
			case v.Spans != nil:
				f.spans(v, timeline.Number(t.number), now)
			}
		}
	}
	for _, t := range f.planned {
		p := &f.plans[t.number]
		before, err := timeline.ReadPlan(p.key, p.facts[:t.before], timeline.Head)
		if err != nil {
			return err
		}
		now, err := timeline.ReadPlan(p.key, p.facts, timeline.Head)
		if err != nil {
			return err
		}
		f.changed.plans[t.number] = true
		for _, v := range f.views {
			if v.Plan != nil {
				v.Plan(before, f.emit(v, -1))
				v.Plan(now, f.emit(v, 1))
			}
		}
	}
	f.touched, f.planned = f.touched[:0], f.planned[:0]
	for _, v := range f.views {
		f.sum(v.Name)
	}
	return nil
}

// emit takes a contribution of a timeline, as often as sign says.
func (f *fold) emit(v view.View, sign int) view.Emit {
	r := f.rows[v.Name]
	return func(c view.Cell, on civil.Date, measure, n int) {
		if n != 0 {
			r.sums = append(r.sums, part{f.cells.id(c), on, measure, sign * n})
		}
	}
}

// sum turns the parts of a view into rows, one a place.
func (f *fold) sum(name string) {
	r := f.rows[name]
	slices.SortFunc(r.sums, comparePlaces)
	for i := 0; i < len(r.sums); {
		s := r.sums[i]
		for i++; i < len(r.sums) && comparePlaces(r.sums[i], s) == 0; i++ {
			s.n += r.sums[i].n
		}
		if s.n != 0 {
			r.last++
			f.batch.Differences[name] = append(f.batch.Differences[name],
				readmodel.Difference{ID: r.last, Ord: f.ord, Cell: s.cell, Date: s.date, Measure: s.measure, N: s.n})
		}
	}
	r.sums = r.sums[:0]
}

// spans compares the spans of a post with those that held before: those gone
// end with the commit, new ones begin.
func (f *fold) spans(v view.View, no timeline.Number, now *timeline.Post) {
	r := f.rows[v.Name]
	old := r.holding[no]
	held := make([]readmodel.SpanRow, 0, len(old)+1)
	v.Spans(now, func(s view.Span) {
		row := readmodel.SpanRow{
			Post: no, Seat: s.Seat, Cell: f.cells.id(s.Cell), Since: s.Since, Until: s.Until,
			Filled: s.Filled, OrdFrom: f.ord, OrdUntil: readmodel.Standing,
		}
		if row.Until == 0 {
			row.Until = readmodel.OpenEnd
		}
		held = append(held, row)
	})
	slices.SortFunc(held, compareSpans)
	kept := 0
	for i := range held {
		for kept < len(old) && compareSpans(old[kept], held[i]) < 0 {
			f.end(v.Name, r, old[kept])
			kept++
		}
		if kept < len(old) && compareSpans(old[kept], held[i]) == 0 {
			held[i] = old[kept]
			kept++
			continue
		}
		r.last++
		held[i].ID = r.last
	}
	for ; kept < len(old); kept++ {
		f.end(v.Name, r, old[kept])
	}
	if len(held) == 0 {
		delete(r.holding, no)
	} else {
		r.holding[no] = held
	}
}

// end ends a span with the commit.
func (f *fold) end(name string, r *rows, s readmodel.SpanRow) {
	s.OrdUntil = f.ord
	switch {
	case s.ID <= r.written:
		f.batch.Closed[name] = append(f.batch.Closed[name], s)
	default:
		f.batch.Opened[name] = append(f.batch.Opened[name], s)
	}
}

// compareSpans orders spans of one post by what they say.
func compareSpans(a, b readmodel.SpanRow) int {
	filled := func(s readmodel.SpanRow) int {
		if s.Filled {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(a.Seat, b.Seat), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Until, b.Until),
		cmp.Compare(a.Cell, b.Cell), cmp.Compare(filled(a), filled(b)),
	)
}

// take returns the batch and begins a new one. With all, the timelines of posts
// and plan lines and the spans that hold are in it; without, only what never
// changes again. With leaves, the facts of persons and the events of agencies
// are in it; a nil reader leaves stored leaves alone.
func (f *fold) take(all, leaves bool, leaf, agencyLeaf leafReader) (readmodel.Batch, error) {
	var err error
	b := &f.batch
	b.Cells, f.cells.fresh = f.cells.fresh, nil
	if leaves {
		if b.Leaves, err = f.leaves.take(leaf); err != nil {
			return *b, err
		}
		if b.AgencyLeaves, err = f.refs.take(agencyLeaf); err != nil {
			return *b, err
		}
	}
	if all {
		f.takeChanged()
	}
	for _, opened := range b.Opened {
		slices.SortFunc(opened, func(a, b readmodel.SpanRow) int { return cmp.Compare(a.ID, b.ID) })
	}
	taken := *b
	f.reset()
	return taken, nil
}

// A leafReader reads a stored leaf.
type leafReader func(of int64, last timeline.Ref) ([]byte, error)

func (f *fold) takeChanged() {
	b := &f.batch
	for _, no := range sortedKeys(f.changed.posts) {
		p := &f.posts[no]
		b.Posts = append(b.Posts, readmodel.PostRow{No: timeline.Number(no), Name: p.name, Division: p.at, Facts: p.facts})
		for _, v := range f.views {
			r := f.rows[v.Name]
			for _, s := range r.holding[timeline.Number(no)] {
				if s.ID > r.written {
					b.Opened[v.Name] = append(b.Opened[v.Name], s)
				}
			}
		}
	}
	for _, no := range sortedKeys(f.changed.plans) {
		p := &f.plans[no]
		b.Plans = append(b.Plans, readmodel.PlanRow{No: int64(no), Key: p.key, Facts: p.facts})
	}
	for _, r := range f.rows {
		r.written = r.last
	}
	clear(f.changed.posts)
	clear(f.changed.plans)
}

func sortedKeys(m map[int]bool) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
