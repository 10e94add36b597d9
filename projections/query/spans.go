package query

import (
	"context"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A spanSheet holds the spans of one view, 32 bytes each. Those that hold on a
// date as known at a commit are found in one pass.
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
}

const holds = math.MaxUint32

// refresh reads what is new and what has ended.
func (s *spanSheet) refresh(ctx context.Context, model *readmodel.Reader, view string) (spans, error) {
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
	if err == nil {
		s.ended = ended
	}
	return *r, err
}

// stab returns the spans that hold on a date, as known at an ordinal, in the
// divisions under a prefix, by Since and ID.
func (s *spans) stab(c *cells, prefix string, known uint64, asOf civil.Date) []uint32 {
	within := make([]bool, len(c.values[byDivision]))
	for code, v := range c.values[byDivision] {
		within[code] = strings.HasPrefix(v, prefix)
	}
	at := uint32(min(known, holds-1))
	n := sort.Search(len(s.from), func(i int) bool { return s.from[i] > at })
	since, until, end := s.since[:n], s.until[:n], s.end[:n]
	var found []uint64
	for i, from := range since {
		if from <= asOf && asOf < until[i] && atomic.LoadUint32(&end[i]) > at && within[c.of[byDivision][s.cell[i]]] {
			found = append(found, uint64(from)<<32|uint64(i))
		}
	}
	slices.Sort(found)
	list := make([]uint32, len(found))
	for i, key := range found {
		list[i] = uint32(key)
	}
	return list
}
