package runner

import (
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A leafReader reads a stored leaf of a table.
type leafReader func(table string, of int64, last timeline.Ref) ([]byte, error)

// take returns the batch and begins a new one; the differ must be at rest. With all, the timelines of posts
// and plan lines are in it; without, only what never changes again. Leaves to
// which at least so many bytes were added are in it; a nil reader leaves stored
// leaves alone.
func (f *fold) take(all bool, least int, read leafReader) (readmodel.Batch, error) {
	b := &f.batch
	f.differ.states(b.Commits)
	for table, s := range f.shelves {
		rows, err := s.take(table, least, read)
		if err != nil {
			return *b, err
		}
		if len(rows) > 0 {
			b.Leaves[table] = rows
		}
	}
	if all {
		f.takeChanged()
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
		b.Posts = append(b.Posts, readmodel.PostRow{No: timeline.Number(no), Name: p.name, Division: *f.differ.in(no), Facts: p.facts})
	}
	slices.Sort(f.changed.plans)
	for _, no := range f.changed.plans {
		p := &f.plans[no]
		p.changed = false
		b.Plans = append(b.Plans, readmodel.PlanRow{No: int64(no), Key: p.key, Facts: p.facts})
	}
	f.changed.posts, f.changed.plans = f.changed.posts[:0], f.changed.plans[:0]
}
