package query

import (
	"context"
	"maps"
	"math"
	"math/bits"
	"slices"
	"sort"
	"strings"
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
	dates  [33][]uint32
	ords   [33][]uint32
	stands []uint32
}

// refresh reads what is new and what has ended.
func (s *spanSheet) refresh(ctx context.Context, model *readmodel.Reader, view string, least int) (spans, error) {
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
	if n := len(r.id); n-r.index.n >= max(least, r.index.n/tailShare) {
		r.index = r.indexed(n)
	}
	return *r, nil
}

// indexed makes an index to n spans.
func (s *spans) indexed(n int) spanIndex {
	x := spanIndex{n: n}
	for i := range uint32(n) {
		switch end := atomic.LoadUint32(&s.end[i]); {
		case s.until[i] != readmodel.OpenEnd:
			put(&x.dates, uint32(s.until[i]-s.since[i]), i)
		case end != holds:
			put(&x.ords, end-s.from[i], i)
		default:
			x.stands = append(x.stands, i)
		}
	}
	// Spans are in the order of from as they are.
	bySince := func(a, b uint32) int { return int(s.since[a]) - int(s.since[b]) }
	for _, list := range x.dates {
		slices.SortFunc(list, bySince)
	}
	slices.SortFunc(x.stands, bySince)
	return x
}

// put adds a span to those with a short side of length up to 2 to the power of
// their number.
func put(lists *[33][]uint32, length, i uint32) {
	k := bits.Len32(max(length, 1) - 1)
	lists[k] = append(lists[k], i)
}

// near yields the parts of lists in which spans began at most their length
// before a point.
func near(lists *[33][]uint32, begin func(i uint32) uint32, point uint32, yield func(i uint32)) {
	for k, list := range lists {
		first := point - min(point, 1<<k-1)
		from := sort.Search(len(list), func(n int) bool { return begin(list[n]) >= first })
		for _, i := range list[from:] {
			if begin(i) > point {
				break
			}
			yield(i)
		}
	}
}

// stab returns the spans that hold on a date, as known at an ordinal, in the
// divisions under a prefix, in no order: each as its Since and, in the low 32
// bits, its index.
func (s *spans) stab(c *cells, prefix string, known uint64, asOf civil.Date) (found []uint64) {
	at := uint32(min(known, holds-1))
	look := func(i uint32) {
		if s.since[i] <= asOf && asOf < s.until[i] && s.from[i] <= at && atomic.LoadUint32(&s.end[i]) > at &&
			strings.HasPrefix(c.value(byDivision, s.cell[i]), prefix) {
			found = append(found, uint64(s.since[i])<<32|uint64(i))
		}
	}
	near(&s.index.dates, func(i uint32) uint32 { return uint32(s.since[i]) }, uint32(asOf), look)
	near(&s.index.ords, func(i uint32) uint32 { return s.from[i] }, at, look)
	for _, i := range s.index.stands {
		if s.since[i] > asOf {
			break
		}
		look(i)
	}
	for i := s.index.n; i < len(s.from) && s.from[i] <= at; i++ {
		look(uint32(i))
	}
	return found
}

// lowest returns the keys that may be among the n lowest: those of a Since up to
// one.
func lowest(keys []uint64, n int) []uint64 {
	count := map[uint64]int{}
	for _, k := range keys {
		count[k>>32]++
	}
	days := slices.Sorted(maps.Keys(count))
	sum, last := 0, uint64(0)
	for _, last = range days {
		if sum += count[last]; sum >= n {
			break
		}
	}
	return slices.DeleteFunc(keys, func(k uint64) bool { return k>>32 > last })
}
