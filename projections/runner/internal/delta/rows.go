package delta

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// viewRows gathers the rows of one view that are not written yet, and keeps its spans
// that hold.
type viewRows struct {
	leaves leaves.Buffer

	amounts []amount // of the commit under way
	near    [256]int32

	lastSpan  int64           // number of the last span that began
	current   [][]currentSpan // by post
	changes   []packing.SpanChange
	countedBy []int // views that count these spans

	// What the timeline under way contributed before the commit and contributes now,
	// with the functions that take it.
	before, now         []part
	emitBefore, emitNow view.Emit

	// emitSigned adds what it takes to the amounts, times sign.
	emitSigned view.Emit
	sign       int
}

// A part is a part of a contribution.
type part struct {
	cell    view.Cell
	date    civil.Date
	measure int
	n       int
}

// An amount is n at a place: a cell by its number, a date and a measure.
type amount struct {
	cell    int64
	date    civil.Date
	measure int
	n       int
}

func newViewRows(cells *cellNumbers) *viewRows {
	r := new(viewRows)
	r.emitBefore, r.emitNow = into(&r.before), into(&r.now)
	r.emitSigned = func(c view.Cell, on civil.Date, measure, n int) {
		if n != 0 {
			r.add(amount{cells.number(&c), on, measure, r.sign * n})
		}
	}
	return r
}

// into returns the function that appends parts to all.
func into(all *[]part) view.Emit {
	return func(c view.Cell, on civil.Date, measure, n int) {
		if n != 0 {
			*all = append(*all, part{c, on, measure, n})
		}
	}
}

// add adds an amount to those of the commit. Amounts at few places in turn are summed
// at once, so that there are fewer to sort: near has where in amounts something was
// added last, by a hash of its place. takeDeltas sums the others.
func (r *viewRows) add(a amount) {
	near := &r.near[uint64(a.cell*31+int64(a.date)*7+int64(a.measure))%uint64(len(r.near))]
	if at := int(*near); at < len(r.amounts) && comparePlaces(r.amounts[at], a) == 0 {
		r.amounts[at].n += a.n
		return
	}
	*near = int32(len(r.amounts))
	r.amounts = append(r.amounts, a)
}

// comparePlaces orders amounts by place. It is written out: a rebuild calls it by the
// million.
func comparePlaces(a, b amount) int {
	switch {
	case a.cell != b.cell:
		return cmp.Compare(a.cell, b.cell)
	case a.date != b.date:
		return cmp.Compare(a.date, b.date)
	}
	return cmp.Compare(a.measure, b.measure)
}

// addDifference adds what a timeline contributes now, and takes away what it
// contributed before. Most parts of both are alike, in the same order: those need no
// numbers.
func (r *viewRows) addDifference(cells *cellNumbers) {
	before, now := trimCommon(r.before, r.now)
	r.before, r.now = r.before[:0], r.now[:0]
	for i := range before {
		p := &before[i]
		r.add(amount{cells.number(&p.cell), p.date, p.measure, -p.n})
	}
	for i := range now {
		p := &now[i]
		r.add(amount{cells.number(&p.cell), p.date, p.measure, p.n})
	}
}

// trimCommon returns a and b without what both begin with and end with.
func trimCommon[T comparable](a, b []T) ([]T, []T) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// addPlacements adds what the placements on a post contribute now, and takes away what
// they contributed before. While the attributes of the post are the same on all days,
// placements that are the same contribute the same, and the view is not asked for them.
func (r *viewRows) addPlacements(v *view.View, before, now postState) {
	same := before.periods.Equal(now.periods)
	r.sign = -1
	for p := range without(before.placed, now.placed, same) {
		v.Placement(before.periods, *p, r.emitSigned)
	}
	r.sign = 1
	for p := range without(now.placed, before.placed, same) {
		v.Placement(now.periods, *p, r.emitSigned)
	}
}

// takeDeltas appends the sums of the commit, one a place, and empties them.
func (r *viewRows) takeDeltas(to []packing.Delta) []packing.Delta {
	slices.SortFunc(r.amounts, comparePlaces)
	for i := 0; i < len(r.amounts); {
		a := r.amounts[i]
		for i++; i < len(r.amounts) && comparePlaces(r.amounts[i], a) == 0; i++ {
			a.n += r.amounts[i].n
		}
		if a.n != 0 {
			to = append(to, packing.Delta{Cell: a.cell, Date: a.date, Measure: a.measure, N: a.n})
		}
	}
	r.amounts = r.amounts[:0]
	return to
}

// currentOn returns the spans of a post that hold.
func (r *viewRows) currentOn(post timeline.Number) *[]currentSpan {
	for int(post) >= len(r.current) {
		r.current = append(r.current, nil)
	}
	return &r.current[post]
}
