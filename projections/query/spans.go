package query

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A spanSheet holds the spans of one view, 32 bytes each, and an index to them.
type spanSheet struct {
	mu    sync.Mutex
	ended uint64 // ordinal up to which ends were read
	spans spans
}

// spans are those of one view in log order. They are only ever added to, but
// that a span ends: that is written in place, and makes no difference to anyone
// who asks for a commit before the end.
type spans struct {
	id    []uint32
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

// refresh reads what is new and what has ended.
func (s *spanSheet) refresh(ctx context.Context, model *readmodel.Reader, view string, cells *cellBook, least int) (spans, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.spans
	last := uint32(0)
	if n := len(r.id); n > 0 {
		last = r.id[n-1]
	}
	err := model.SpanRows(ctx, view, int64(last), func(row readmodel.SpanRow) {
		r.id = append(r.id, uint32(row.ID))
		r.post = append(r.post, row.Post)
		r.seat = append(r.seat, uint32(row.Seat))
		r.cell = append(r.cell, int32(row.Cell-1))
		r.since = append(r.since, row.Since)
		r.until = append(r.until, row.Until)
		r.from = append(r.from, uint32(row.OrdFrom))
		r.end = append(r.end, uint32(min(row.OrdUntil, holds)))
	})
	if err != nil {
		return spans{}, err
	}
	ended := s.ended
	err = model.Ended(ctx, view, s.ended, func(id int64, ord uint64) {
		ended = max(ended, ord)
		// What came after the rows above were read comes with the next.
		if i, ok := slices.BinarySearch(r.id, uint32(id)); ok {
			atomic.StoreUint32(&r.end[i], uint32(ord))
		}
	})
	if err != nil {
		return spans{}, err
	}
	s.ended = ended
	// Cells after spans: no span names a cell that is not there yet.
	if r.cells, err = cells.refresh(ctx, model); err != nil {
		return spans{}, err
	}
	if n := len(r.id); n-r.index.n >= max(least, r.index.n/tailShare) {
		r.index = r.indexed(n)
	}
	return *r, nil
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
		case e.until != readmodel.OpenEnd:
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
