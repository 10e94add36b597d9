package query

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
)

// A spanSheet holds the spans of one view, 32 bytes each, and an index to them.
type spanSheet struct {
	mu    sync.Mutex
	last  uint64 // ordinal up to which changes were read
	spans spans
}

// spans are those of one view by number − 1, which is in log order. They are only
// ever added to, but that a span ends: that is written in place, and makes no
// difference to anyone who asks for a commit before the end.
type spans struct {
	post  []timeline.Number
	seat  []uint32
	cell  []int32 // number − 1
	since []civil.Date
	until []civil.Date
	from  []uint32 // ordinal since which it was held to be so
	end   []uint32 // ordinal since which no longer; holds is none. Atomic.
	index spanIndex
	cells *cells // all that the spans name
}

const holds = math.MaxUint32

// A spanIndex finds the spans that may hold on a date as known at an ordinal.
// A span is a rectangle: dates by ordinals. One that is closed is short in
// dates, one that was held to be open until it was found to be closed is short
// in ordinals. Such are put by how long their short side is, to the power of
// two, and by where it begins; what holds at a point then began at most that
// long before. The rest is open and stands; it is put by since.
type spanIndex struct {
	n      int // spans indexed; the rest is looked through
	dates  [33][]extract
	ords   [33][]extract
	stands []extract
}

// An extract is what of a span to look at first. Extracts lie as they are
// looked at, where the spans themselves would be all over the memory.
type extract struct {
	since, until civil.Date
	from, i      uint32
	division     int32 // code
}

// refresh reads what has changed.
func (s *spanSheet) refresh(ctx context.Context, model *readmodel.Reader, view string, cells *cellBook, least int) (spans, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.spans
	sound := true
	err := model.Spans(ctx, view, s.last, func(ord uint64, changes []packing.SpanChange) {
		for i := range changes {
			sound = r.change(uint32(ord), &changes[i]) && sound
		}
		s.last = ord
	})
	if err == nil && !sound {
		err = fmt.Errorf("%w: a span of %s ends that has not begun", readmodel.ErrUnusable, view)
	}
	if err != nil {
		return spans{}, err
	}
	// Cells after spans: no span names a cell that is not there yet.
	if r.cells, err = cells.refresh(ctx, model); err != nil {
		return spans{}, err
	}
	for i := r.index.n; i < len(r.cell); i++ {
		if r.cell[i] < 0 || int(r.cell[i]) >= r.cells.n {
			return spans{}, fmt.Errorf("%w: a span of %s names a cell that is not there", readmodel.ErrUnusable, view)
		}
	}
	if n := len(r.post); n-r.index.n >= max(least, r.index.n/tailShare) {
		r.index = r.indexed(n)
	}
	return *r, nil
}

// change takes up one change, and says whether it can be.
func (s *spans) change(ord uint32, c *packing.SpanChange) bool {
	if c.Ends != 0 {
		if c.Ends < 1 || c.Ends > int64(len(s.end)) {
			return false
		}
		atomic.StoreUint32(&s.end[c.Ends-1], ord)
		return true
	}
	s.post = append(s.post, c.Post)
	s.seat = append(s.seat, uint32(c.Seat))
	s.cell = append(s.cell, int32(c.Cell-1))
	s.since = append(s.since, c.Since)
	s.until = append(s.until, c.Until)
	s.from = append(s.from, ord)
	s.end = append(s.end, holds)
	return true
}

func (s *spans) extract(i uint32) extract {
	return extract{s.since[i], s.until[i], s.from[i], i, s.cells.of[byDivision][s.cell[i]]}
}

// indexed makes an index to n spans.
func (s *spans) indexed(n int) spanIndex {
	x := spanIndex{n: n}
	for i := range uint32(n) {
		e := s.extract(i)
		switch end := atomic.LoadUint32(&s.end[i]); {
		case e.until != packing.OpenEnd:
			put(&x.dates, uint32(e.until-e.since), e)
		case end != holds:
			put(&x.ords, end-e.from, e)
		default:
			x.stands = append(x.stands, e)
		}
	}
	// Spans are in the order of from as they are.
	bySince := func(a, b extract) int { return cmp.Compare(a.since, b.since) }
	for _, list := range x.dates {
		slices.SortFunc(list, bySince)
	}
	slices.SortFunc(x.stands, bySince)
	return x
}

// put adds a span to those with a short side of length up to 2 to the power of
// their number.
func put(lists *[33][]extract, length uint32, e extract) {
	k := bits.Len32(max(length, 1) - 1)
	lists[k] = append(lists[k], e)
}

// near yields the parts of lists in which spans began at most their length
// before a point.
func near(lists *[33][]extract, begin func(e *extract) uint32, point uint32, yield func(e *extract)) {
	for k, list := range lists {
		first := point - min(point, 1<<k-1)
		from := sort.Search(len(list), func(n int) bool { return begin(&list[n]) >= first })
		for i := range list[from:] {
			e := &list[from+i]
			if begin(e) > point {
				break
			}
			yield(e)
		}
	}
}

// stab returns the spans that hold on a date, as known at an ordinal, in the
// divisions under a prefix, in no order: each as its Since and, in the low 32
// bits, its index.
func (s *spans) stab(prefix string, known uint64, asOf civil.Date) (found []uint64) {
	at := uint32(min(known, holds-1))
	within := s.cells.within(prefix)
	look := func(e *extract) {
		if e.since <= asOf && asOf < e.until && e.from <= at && within[e.division] && atomic.LoadUint32(&s.end[e.i]) > at {
			found = append(found, uint64(e.since)<<32|uint64(e.i))
		}
	}
	near(&s.index.dates, func(e *extract) uint32 { return uint32(e.since) }, uint32(asOf), look)
	near(&s.index.ords, func(e *extract) uint32 { return e.from }, at, look)
	for i := range s.index.stands {
		if s.index.stands[i].since > asOf {
			break
		}
		look(&s.index.stands[i])
	}
	for i := s.index.n; i < len(s.from) && s.from[i] <= at; i++ {
		e := s.extract(uint32(i))
		look(&e)
	}
	return found
}

// lowest returns the keys that may be among the n lowest: those of a Since up to
// one.
func lowest(keys []uint64, n int) []uint64 {
	first, last := slices.Min(keys)>>32, slices.Max(keys)>>32
	count := make([]int, last-first+1)
	for _, k := range keys {
		count[k>>32-first]++
	}
	sum := 0
	for day, of := range count {
		if sum += of; sum >= n {
			last = first + uint64(day)
			break
		}
	}
	return slices.DeleteFunc(keys, func(k uint64) bool { return k>>32 > last })
}
