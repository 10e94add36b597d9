package cube

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A spanTable keeps the spans of one view up to date.
type spanTable struct {
	view         string
	compactAfter int

	mu    sync.Mutex
	last  uint64 // ordinal up to which changes were read
	spans Spans
}

// Spans are the spans of a view as they were at some time: seats in a state from a date
// to a date, each known from a commit to a commit. They are columns, 36 bytes a span,
// in log order.
//
// A table only appends to the columns, except that it writes when a span ceased to be
// known. That is written in place, and atomically. It makes no difference to a reader
// of an earlier commit.
type Spans struct {
	post  []timeline.Number
	seat  []uint32
	cell  []int32 // number − 1
	since []civil.Date
	until []civil.Date
	begun []civil.Date // when the seat came into the state: since, or before, in another cell
	from  []uint32     // ordinal of the commit since which the span was known
	end   []uint32     // ordinal of the commit since which it no longer was; current is none. Atomic.
	index spanIndex
	cells *cells // all that the spans name
}

// current is the end of a span that is still known.
const current = math.MaxUint32

// A Span is a seat in a state since a date, in the cell in which it is now.
type Span struct {
	Post     timeline.Number
	Seat     int
	Since    civil.Date
	Division division.Code // of the post
	Category string
	Reason   string // why the seat fell vacant; empty is that it was never filled
}

// A SpanKey names one of Spans. Keys are in the order of [Span.Since] and then of the log.
type SpanKey uint64

func keyOf(since civil.Date, i uint32) SpanKey { return SpanKey(since)<<32 | SpanKey(i) }

func (k SpanKey) since() uint64 { return uint64(k) >> 32 }

// At returns the span with a key.
func (s *Spans) At(k SpanKey) Span {
	i := uint32(k)
	cell := s.cell[i]
	return Span{
		Post: s.post[i], Seat: int(s.seat[i]), Since: s.begun[i],
		Division: division.Code(s.cells.value(view.Division, cell)), Category: s.cells.value(view.Category, cell), Reason: s.cells.value(view.Reason, cell),
	}
}

// refresh reads what has changed, and returns the spans.
func (t *spanTable) refresh(ctx context.Context, model *readmodel.Reader, dictionary *dictionary) (*Spans, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.spans
	sound := true
	err := model.Spans(ctx, t.view, t.last, func(ord uint64, changes []packing.SpanChange) {
		for i := range changes {
			sound = s.apply(uint32(ord), &changes[i]) && sound
		}
		t.last = ord
	})
	if err == nil && !sound {
		err = fmt.Errorf("%w: a span of %s ends that has not begun", readmodel.ErrUnusable, t.view)
	}
	if err != nil {
		return nil, err
	}
	// The dictionary is read after the spans, so that it has every cell that they name.
	if s.cells, err = dictionary.refresh(ctx, model); err != nil {
		return nil, err
	}
	if !s.namesCells() {
		return nil, fmt.Errorf("%w: a span of %s names a cell that is not there", readmodel.ErrUnusable, t.view)
	}
	if n := len(s.post); n-s.index.n >= max(t.compactAfter, s.index.n/tailShare) {
		s.index = s.indexed(n)
	}
	snapshot := *s
	return &snapshot, nil
}

// tailShare is the share of spans, one in so many, that may be without an index.
const tailShare = 16

// namesCells reports whether the cells of all spans that are not indexed exist.
func (s *Spans) namesCells() bool {
	return !slices.ContainsFunc(s.cell[s.index.n:], func(cell int32) bool { return cell < 0 || int(cell) >= s.cells.n })
}

// apply applies one change. It returns false if the change ends a span that does not
// exist.
func (s *Spans) apply(ord uint32, c *packing.SpanChange) bool {
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
	s.begun = append(s.begun, c.Since-civil.Date(c.Earlier))
	s.from = append(s.from, ord)
	s.end = append(s.end, current)
	return true
}

// Holding returns the keys of the spans that hold on a date, as known at an ordinal, in
// the divisions under a prefix, in no order.
func (s *Spans) Holding(prefix string, known uint64, asOf civil.Date) []SpanKey {
	q := spanSearch{spans: s, at: uint32(min(known, current-1)), asOf: asOf, under: s.cells.under(prefix)}
	q.search()
	return q.found
}

// Window returns the keys from number skip on, limit at most, in ascending order. It
// puts keys in another order.
func Window(keys []SpanKey, skip, limit int) []SpanKey {
	end := min(skip+limit, len(keys))
	if end < len(keys)/8 { // most are not shown, and need not be sorted
		keys = lowest(keys, end)
	}
	slices.Sort(keys)
	return keys[min(skip, len(keys)):min(end, len(keys))]
}

// lowest returns keys among which the n lowest are: all up to some date.
func lowest(keys []SpanKey, n int) []SpanKey {
	first, last := slices.Min(keys).since(), slices.Max(keys).since()
	count := make([]int, last-first+1)
	for _, k := range keys {
		count[k.since()-first]++
	}
	sum := 0
	for day, of := range count {
		if sum += of; sum >= n {
			last = first + uint64(day)
			break
		}
	}
	return slices.DeleteFunc(keys, func(k SpanKey) bool { return k.since() > last })
}
