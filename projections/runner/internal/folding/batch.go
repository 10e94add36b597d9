package folding

import (
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/timeline"
)

// Stop has the next batch say why the projector reads no further.
func (f *Fold) Stop(why string) { f.batch.Stopped = &why }

// Buffered returns how many bytes were added to leaves and not taken.
func (f *Fold) Buffered() (n int) {
	for _, b := range f.buffers {
		n += b.Len()
	}
	return n
}

// Take returns the batch and begins a new one. Leaves to which fewer than leastLeaf bytes
// were added are left out until a later batch. With whole set, the timelines of posts
// and plan lines that changed are in the batch; without, only rows that never change
// again. When read is nil, leaves take up no stored leaves. Take fails as
// [leaves.Buffer.Take] does.
func (f *Fold) Take(whole bool, leastLeaf int, read leaves.Reader) (readmodel.Batch, error) {
	b := &f.batch
	f.views.Seal(b.Commits)
	for table, buffer := range f.buffers {
		rows, err := buffer.Take(table, leastLeaf, read)
		if err != nil {
			return *b, err
		}
		if len(rows) > 0 {
			b.Leaves[table] = rows
		}
	}
	if whole {
		f.takeChanged()
	}
	taken := *b
	f.resetBatch()
	return taken, nil
}

// Reuse gives the memory of the leaves of a batch that was written to leaves to come.
func (f *Fold) Reuse(written readmodel.Batch) {
	for table, b := range f.buffers {
		b.Reuse(written.Leaves[table])
	}
}

func (f *Fold) resetBatch() {
	f.batch = readmodel.Batch{Leaves: map[string][]readmodel.LeafRow{}}
	f.factCount = 0
}

// buffers yields the buffers of all leaves, with their tables.
func (f *Fold) buffers(yield func(table string, b *leaves.Buffer) bool) {
	if yield(readmodel.PersonFactTable, &f.facts) && yield(readmodel.PseudonymTable, &f.persons.pseudonyms) &&
		yield(readmodel.BearerTable, &f.persons.bearers) && yield(readmodel.AgencyLeafTable, &f.agencyRefs) {
		f.views.Buffers(yield)
	}
}

// takeChanged adds the posts and plan lines that changed to the batch, by number.
func (f *Fold) takeChanged() {
	b := &f.batch
	slices.Sort(f.changed.posts)
	for _, no := range f.changed.posts {
		p := &f.posts[no]
		p.changed = false
		b.Posts = append(b.Posts, readmodel.PostRow{No: timeline.Number(no), Name: p.name, Division: *f.views.Within(no), Facts: p.facts})
	}
	slices.Sort(f.changed.plans)
	for _, no := range f.changed.plans {
		p := &f.plans[no]
		p.changed = false
		b.Plans = append(b.Plans, readmodel.PlanRow{No: int64(no), Key: p.key, Facts: p.facts})
	}
	f.changed.posts, f.changed.plans = f.changed.posts[:0], f.changed.plans[:0]
}
