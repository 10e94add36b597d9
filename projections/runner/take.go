package runner

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A leafReader reads a stored leaf.
type leafReader func(of int64, last timeline.Ref) ([]byte, error)

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

func (f *fold) takeChanged() {
	b := &f.batch
	slices.Sort(f.changed.posts)
	for _, no := range f.changed.posts {
		p := &f.posts[no]
		p.changed = false
		b.Posts = append(b.Posts, readmodel.PostRow{No: timeline.Number(no), Name: p.name, Division: p.at, Facts: p.facts})
		for i, v := range f.views {
			if v.Spans == nil {
				continue
			}
			r := f.rows[i]
			for _, h := range *r.of(timeline.Number(no)) {
				if h.id > r.written {
					b.Opened[v.Name] = append(b.Opened[v.Name], h.row(timeline.Number(no), readmodel.Standing))
				}
			}
		}
	}
	slices.Sort(f.changed.plans)
	for _, no := range f.changed.plans {
		p := &f.plans[no]
		p.changed = false
		b.Plans = append(b.Plans, readmodel.PlanRow{No: int64(no), Key: p.key, Facts: p.facts})
	}
	for _, r := range f.rows {
		r.written = r.last
	}
	f.changed.posts, f.changed.plans = f.changed.posts[:0], f.changed.plans[:0]
}
