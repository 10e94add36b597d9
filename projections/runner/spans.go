package runner

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A held span is one that holds, in the memory of one third of its row.
type held struct {
	id           int64
	from         uint64     // ordinal since which it holds
	since, until civil.Date // OpenEnd where it is open
	cell         uint32
	seat         uint32 // twice, and one more where the span is filled
}

func (h held) filled() bool { return h.seat&1 != 0 }

func seatOf(seat int, filled bool) uint32 {
	if filled {
		return uint32(seat)<<1 | 1
	}
	return uint32(seat) << 1
}

func heldOf(s readmodel.SpanRow) held {
	return held{s.ID, s.OrdFrom, s.Since, s.Until, uint32(s.Cell), seatOf(s.Seat, s.Filled)}
}

func (h held) row(post timeline.Number, until uint64) readmodel.SpanRow {
	return readmodel.SpanRow{ID: h.id, Post: post, Seat: int(h.seat >> 1), Cell: int64(h.cell), Since: h.since, Until: h.until,
		Filled: h.filled(), OrdFrom: h.from, OrdUntil: until}
}

// compareHeld orders spans of one post by what they say.
func compareHeld(a, b held) int {
	if a.seat>>1 != b.seat>>1 {
		return cmp.Compare(a.seat, b.seat)
	}
	if a.since != b.since {
		return cmp.Compare(a.since, b.since)
	}
	return cmp.Or(cmp.Compare(a.until, b.until), cmp.Compare(a.cell, b.cell), cmp.Compare(a.seat, b.seat))
}

// of returns the spans of a post that hold.
func (r *rows) of(post timeline.Number) *[]held {
	for int(post) >= len(r.holding) {
		r.holding = append(r.holding, nil)
	}
	return &r.holding[post]
}

// spans compares the spans of a post with those that held before: those gone
// end with the commit, new ones begin.
func (f *fold) spans(at int, no timeline.Number, now *timeline.Post) {
	r, v := f.rows[at], &f.views[at]
	holding := r.of(no)
	old, all := *holding, f.held[:0]
	v.Spans(now, func(s view.Span) {
		h := held{from: f.ord, cell: uint32(f.cells.id(&s.Cell)), since: s.Since, until: s.Until, seat: seatOf(s.Seat, s.Filled)}
		if h.until == 0 {
			h.until = readmodel.OpenEnd
		}
		all = append(all, h)
	})
	f.held = all
	slices.SortFunc(all, compareHeld)
	kept, begun := 0, 0
	for i := range all {
		for kept < len(old) && compareHeld(old[kept], all[i]) < 0 {
			f.end(at, r, old[kept], no)
			kept++
		}
		if kept < len(old) && compareHeld(old[kept], all[i]) == 0 {
			all[i] = old[kept]
			kept++
			continue
		}
		r.last++
		all[i].id = r.last
		f.sealer.span(at, uint32(no), all[i], false)
		begun++
	}
	for ; kept < len(old); kept++ {
		f.end(at, r, old[kept], no)
	}
	if begun > 0 || len(all) != len(old) {
		*holding = append(old[:0], all...)
	}
}

// end ends a span with the commit.
func (f *fold) end(view int, r *rows, h held, post timeline.Number) {
	f.sealer.span(view, uint32(post), h, true)
	name, row := f.views[view].Name, h.row(post, f.ord)
	switch {
	case h.id <= r.written:
		f.batch.Closed[name] = append(f.batch.Closed[name], row)
	default:
		f.batch.Opened[name] = append(f.batch.Opened[name], row)
	}
}
