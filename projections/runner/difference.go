package runner

import (
	"cmp"
	"iter"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// rows are those of one view that are not written yet, and its spans that
// hold.
type rows struct {
	leaves      shelf
	last        int64                // number of the last span
	holding     [][]held             // by post
	of          []int                // views that count its spans
	before, now []part               // of the timeline under way
	was, is     view.Emit            // take those parts
	count       view.Emit            // adds to the sums, or takes away
	sign        int                  // which of the two
	sums        []sum                // of the commit under way
	changes     []packing.SpanChange // likewise
	near        [256]int32           // where in sums something was added last, by a hash of its place
}

// A part is n of a contribution.
type part struct {
	cell    view.Cell
	date    civil.Date
	measure int
	n       int
}

// A sum is n at a place.
type sum struct {
	cell    int64
	date    civil.Date
	measure int
	n       int
}

// add adds to the sums of the commit. What is added at few places in turn is summed
// up at once, so that there is less to sort.
func (r *rows) add(s sum) {
	near := &r.near[uint64(s.cell*31+int64(s.date)*7+int64(s.measure))%uint64(len(r.near))]
	if at := int(*near); at < len(r.sums) && comparePlaces(r.sums[at], s) == 0 {
		r.sums[at].n += s.n
		return
	}
	*near = int32(len(r.sums))
	r.sums = append(r.sums, s)
}

func comparePlaces(a, b sum) int {
	switch {
	case a.cell != b.cell:
		return cmp.Compare(a.cell, b.cell)
	case a.date != b.date:
		return cmp.Compare(a.date, b.date)
	}
	return cmp.Compare(a.measure, b.measure)
}

// difference adds what the commit changed in the contributions of the timelines
// that it touched.
func (d *differ) difference(c *change) error {
	for i := range c.posts {
		if err := d.post(&c.posts[i]); err != nil {
			return err
		}
	}
	for i := range c.plans {
		if err := d.plan(&c.plans[i]); err != nil {
			return err
		}
	}
	for i := range d.views {
		d.sum(c.row.Ord, i)
		if r := d.rows[i]; len(r.changes) > 0 {
			d.packed = packing.AppendSpans(d.packed[:0], r.changes)
			d.add(c.row.Ord, &r.leaves, i)
			r.changes = r.changes[:0]
		}
	}
	return nil
}

func (d *differ) plan(t *touched) error {
	before, err := timeline.ReadPlan(t.plan, t.facts[:t.before], timeline.Head)
	if err != nil {
		return err
	}
	now, err := timeline.ReadPlan(t.plan, t.facts, timeline.Head)
	if err != nil {
		return err
	}
	for i, v := range d.views {
		if v.Plan != nil {
			r := d.rows[i]
			v.Plan(before, r.was)
			v.Plan(now, r.is)
			d.resolve(r)
		}
	}
	return nil
}

func (d *differ) post(t *touched) error {
	p := &d.reading
	p.Reset()
	if err := p.Extend(t.facts[:t.before]); err != nil {
		return err
	}
	for i := range d.views {
		if v := &d.views[i]; v.Post != nil {
			v.Post(p, d.rows[i].was)
		}
	}
	var before stand
	before.of(p)
	d.placed = append(d.placed[:0], before.placed...) // the post uses its memory again
	before.placed = d.placed
	if err := p.Extend(t.facts[t.before:]); err != nil {
		return err
	}
	var now stand
	now.of(p)
	if now.developed {
		in := d.in(t.no)
		*in = around(*in, now.Division)
	}
	for i := range d.views {
		v, r := &d.views[i], d.rows[i]
		if v.Post != nil {
			v.Post(p, r.is)
			d.resolve(r)
		}
		if v.Placement != nil {
			r.placements(v, before, now)
		}
		if v.Spans != nil {
			d.spans(i, timeline.Number(t.no), p)
		}
	}
	return nil
}

// A stand is how things stand with a post: what was said when it was developed, and
// who is placed there.
type stand struct {
	timeline.Attributes
	developed bool
	placed    []timeline.Placement
}

func (s *stand) of(p *timeline.Post) {
	if s.Attributes, s.developed = p.Attributes(); s.developed {
		s.placed = p.Placements()
	}
}

// placements adds to the sums what the placements on a post contribute now and
// takes from them what they contributed before. Those that are what they were
// contribute the same, where the post is what it was.
func (r *rows) placements(v *view.View, before, now stand) {
	same := before.Attributes == now.Attributes
	r.sign = -1
	for p := range without(before.placed, now.placed, same) {
		v.Placement(before.Attributes, *p, r.count)
	}
	r.sign = 1
	for p := range without(now.placed, before.placed, same) {
		v.Placement(now.Attributes, *p, r.count)
	}
}

// without yields the placements that are not among others, or all of them. Both come
// as [timeline.Post.Placements] has them.
func without(all, others []timeline.Placement, same bool) iter.Seq[*timeline.Placement] {
	return func(yield func(*timeline.Placement) bool) {
		for i := range all {
			p := &all[i]
			for same && len(others) > 0 && others[0].Compare(p) < 0 {
				others = others[1:]
			}
			if same && len(others) > 0 && others[0] == *p {
				continue
			}
			if !yield(p) {
				return
			}
		}
	}
}

// unlike returns what is between the ends that are alike.
func unlike[T comparable](a, b []T) ([]T, []T) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// around returns the smallest division that a post lies in which was held to lie
// in a, which may be none, and now in b.
func around(a, b division.Code) division.Code {
	if a == "" || a == b {
		return b
	}
	if a.Valid() && b.Valid() {
		for level := min(a.Level(), b.Level()); level >= division.Province; level-- {
			if a.At(level) == b.At(level) {
				return a.At(level)
			}
		}
	}
	return readmodel.Anywhere
}

// into takes the parts of a contribution.
func into(all *[]part) view.Emit {
	return func(c view.Cell, on civil.Date, measure, n int) {
		if n != 0 {
			*all = append(*all, part{c, on, measure, n})
		}
	}
}

// newRows returns the rows of a view whose cells have their numbers from cells.
func newRows(cells *cells) *rows {
	r := new(rows)
	r.was, r.is = into(&r.before), into(&r.now)
	r.count = func(c view.Cell, on civil.Date, measure, n int) {
		if n != 0 {
			r.add(sum{cells.id(&c), on, measure, r.sign * n})
		}
	}
	return r
}

// resolve adds to the sums what a timeline contributes now and takes from them
// what it contributed before. Most of both is alike, in the same order, and
// needs no numbers.
func (d *differ) resolve(r *rows) {
	before, now := unlike(r.before, r.now)
	r.before, r.now = r.before[:0], r.now[:0]
	for i := range before {
		p := &before[i]
		r.add(sum{d.cells.id(&p.cell), p.date, p.measure, -p.n})
	}
	for i := range now {
		p := &now[i]
		r.add(sum{d.cells.id(&p.cell), p.date, p.measure, p.n})
	}
}

// sum turns the sums of a view into rows, one a place.
func (d *differ) sum(ord uint64, view int) {
	r := d.rows[view]
	if len(r.sums) == 0 {
		return
	}
	slices.SortFunc(r.sums, comparePlaces)
	all := d.summed[:0]
	for i := 0; i < len(r.sums); {
		s := r.sums[i]
		for i++; i < len(r.sums) && comparePlaces(r.sums[i], s) == 0; i++ {
			s.n += r.sums[i].n
		}
		if s.n != 0 {
			all = append(all, packing.Delta{Cell: s.cell, Date: s.date, Measure: s.measure, N: s.n})
		}
	}
	r.sums, d.summed = r.sums[:0], all
	if len(all) > 0 {
		d.packed = packing.AppendDeltas(d.packed[:0], all)
		d.add(ord, &r.leaves, view)
	}
}
