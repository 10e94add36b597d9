package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A held span is one that holds.
type held struct {
	id           int64
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

// begins is that the span begins.
func (h held) begins(post timeline.Number) packing.SpanChange {
	return packing.SpanChange{Post: post, Seat: int(h.seat >> 1), Cell: int64(h.cell), Since: h.since, Until: h.until, Filled: h.filled()}
}

// restoreSpans takes up the spans of a view that hold. All changes are read
// twice, so that none of the many that ended has to be kept.
func (d *differ) restoreSpans(ctx context.Context, w *readmodel.Writer, at int) error {
	r, name := d.rows[at], d.views[at].Name
	ended := []bool{false} // by number, of those that began
	sound := true
	err := w.Spans(ctx, name, func(_ uint64, changes []packing.SpanChange) {
		for _, c := range changes {
			switch {
			case c.Ends == 0:
				ended = append(ended, false)
			case c.Ends < 1 || c.Ends >= int64(len(ended)):
				sound = false
			default:
				ended[c.Ends] = true
			}
		}
	})
	if err == nil && !sound {
		err = fmt.Errorf("spans of %s: %w", name, timeline.ErrDamaged)
	}
	if err != nil {
		return err
	}
	err = w.Spans(ctx, name, func(_ uint64, changes []packing.SpanChange) {
		for _, c := range changes {
			if c.Ends != 0 {
				continue
			}
			if r.last++; !ended[r.last] {
				of := r.held(c.Post)
				*of = append(*of, held{r.last, c.Since, c.Until, uint32(c.Cell), seatOf(c.Seat, c.Filled)})
			}
		}
	})
	for post := range r.holding {
		r.holding[post] = slices.Clip(r.holding[post])
		slices.SortFunc(r.holding[post], compareHeld)
	}
	return err
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

// held returns the spans of a post that hold.
func (r *rows) held(post timeline.Number) *[]held {
	for int(post) >= len(r.holding) {
		r.holding = append(r.holding, nil)
	}
	return &r.holding[post]
}

// spans compares the spans of a post with those that held before: those gone
// end with the commit, new ones begin.
func (d *differ) spans(at int, no timeline.Number, now *timeline.Post) {
	r, v := d.rows[at], &d.views[at]
	holding := r.held(no)
	d.held = d.held[:0]
	v.Spans(now, d.hold)
	old, all := *holding, d.held
	slices.SortFunc(all, compareHeld)
	kept, begun := 0, 0
	for i := range all {
		for kept < len(old) && compareHeld(old[kept], all[i]) < 0 {
			d.end(r, old[kept])
			kept++
		}
		if kept < len(old) && compareHeld(old[kept], all[i]) == 0 {
			all[i] = old[kept]
			kept++
			continue
		}
		r.last++
		all[i].id = r.last
		r.changes = append(r.changes, all[i].begins(no))
		d.counted(r, all[i], 1)
		begun++
	}
	for ; kept < len(old); kept++ {
		d.end(r, old[kept])
	}
	if begun > 0 || len(all) != len(old) {
		*holding = append(old[:0], all...)
	}
}

// hold takes a span of the post under way.
func (d *differ) hold(s view.Span) {
	until := s.Until
	if until == 0 {
		until = packing.OpenEnd
	}
	d.held = append(d.held, held{cell: uint32(d.cells.id(&s.Cell)), since: s.Since, until: until, seat: seatOf(s.Seat, s.Filled)})
}

// end ends a span with the commit.
func (d *differ) end(r *rows, h held) {
	r.changes = append(r.changes, packing.SpanChange{Ends: h.id})
	d.counted(r, h, -1)
}

// counted adds what a span contributes to other views, or takes it away.
func (d *differ) counted(r *rows, h held, sign int) {
	for _, i := range r.of {
		s := view.Span{Seat: int(h.seat >> 1), Since: h.since, Until: h.until, Filled: h.filled()}
		if s.Until == packing.OpenEnd {
			s.Until = 0
		}
		if on, measure, n := d.views[i].Span(s); n != 0 {
			d.rows[i].add(sum{int64(h.cell), on, measure, sign * n})
		}
	}
}
