package cube

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/events/civil"
)

// A spanIndex finds the spans that may hold on a date, as known at an ordinal.
//
// A span is a rectangle of dates by ordinals, and the question is a point. Most
// rectangles have a short side: a span with a last date is short in dates; a span that
// was known as open until its last date became known is short in ordinals. Those lie in
// lists by the length of the short side, in powers of two, and in a list by where that
// side begins. A rectangle that holds the point begins at most that length before it,
// so that a part of each list is enough. The other spans are open and still known: they
// lie in one list by date.
type spanIndex struct {
	n       int // how many spans are indexed; the others are looked through
	byDate  [33][]indexEntry
	byOrd   [33][]indexEntry
	forever []indexEntry
}

// An indexEntry is what is compared first of a span. Entries lie in the order in which
// they are compared, so that the processor reads memory in a row.
type indexEntry struct {
	since, until civil.Date
	from         uint32
	i            uint32 // number of the span
	division     int32  // code
}

func (s *Spans) entry(i uint32) indexEntry {
	return indexEntry{s.since[i], s.until[i], s.from[i], i, s.cells.codes[view.Division][s.cell[i]]}
}

// indexed makes an index of the first n spans.
func (s *Spans) indexed(n int) spanIndex {
	x := spanIndex{n: n}
	for i := range uint32(n) {
		e := s.entry(i)
		switch end := atomic.LoadUint32(&s.end[i]); {
		case e.until != packing.OpenEnd:
			put(&x.byDate, uint32(e.until-e.since), e)
		case end != current:
			put(&x.byOrd, end-e.from, e)
		default:
			x.forever = append(x.forever, e)
		}
	}
	// Spans come in the order of from, as the lists by ordinal want them.
	bySince := func(a, b indexEntry) int { return cmp.Compare(a.since, b.since) }
	for _, list := range x.byDate {
		slices.SortFunc(list, bySince)
	}
	slices.SortFunc(x.forever, bySince)
	return x
}

// put appends an entry to the list of lengths up to 2 to the power of its number.
func put(lists *[33][]indexEntry, length uint32, e indexEntry) {
	k := bits.Len32(max(length, 1) - 1)
	lists[k] = append(lists[k], e)
}

// A spanSearch looks for the spans that hold at a point.
type spanSearch struct {
	spans *Spans
	at    uint32 // ordinal
	asOf  civil.Date
	under []bool // by code of a division
	found []SpanKey
}

// search looks at all spans that may hold.
func (q *spanSearch) search() {
	index := &q.spans.index
	q.near(&index.byDate, func(e *indexEntry) uint32 { return uint32(e.since) }, uint32(q.asOf))
	q.near(&index.byOrd, func(e *indexEntry) uint32 { return e.from }, q.at)
	for i := range index.forever {
		if index.forever[i].since > q.asOf {
			break
		}
		q.look(&index.forever[i])
	}
	for i := index.n; i < len(q.spans.from) && q.spans.from[i] <= q.at; i++ {
		e := q.spans.entry(uint32(i))
		q.look(&e)
	}
}

// near looks at the entries that begin before or at a point, and at most the length of
// their list before it.
func (q *spanSearch) near(lists *[33][]indexEntry, begin func(e *indexEntry) uint32, point uint32) {
	for k, list := range lists {
		first := point - min(point, 1<<k-1)
		from := sort.Search(len(list), func(n int) bool { return begin(&list[n]) >= first })
		for i := range list[from:] {
			e := &list[from+i]
			if begin(e) > point {
				break
			}
			q.look(e)
		}
	}
}

// look adds the key of a span if the span holds.
func (q *spanSearch) look(e *indexEntry) {
	if e.since <= q.asOf && q.asOf < e.until && e.from <= q.at && q.under[e.division] && atomic.LoadUint32(&q.spans.end[e.i]) > q.at {
		q.found = append(q.found, keyOf(q.spans.begun[e.i], e.i))
	}
}
