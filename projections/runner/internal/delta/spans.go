package delta

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

// A currentSpan is a span that began and has not ended, as known at the last commit.
type currentSpan struct {
	id           int64
	since, until civil.Date // packing.OpenEnd when it is open
	cell         uint32
	seat         uint32 // times two, plus one when the span is filled
	earlier      uint32 // see [view.Span]
}

func packSeat(seat int, filled bool) uint32 {
	if filled {
		return uint32(seat)<<1 | 1
	}
	return uint32(seat) << 1
}

func (s *currentSpan) filled() bool { return s.seat&1 != 0 }

func (s *currentSpan) seatNo() int { return int(s.seat >> 1) }

// begin returns the row that the span begins.
func (s *currentSpan) begin(post timeline.Number) packing.SpanChange {
	return packing.SpanChange{Post: post, Seat: s.seatNo(), Cell: int64(s.cell), Since: s.since, Until: s.until, Filled: s.filled(), Earlier: int(s.earlier)}
}

// compareSpans orders the spans of one post by what they say, and not by number.
func compareSpans(a, b currentSpan) int {
	if a.seat>>1 != b.seat>>1 {
		return cmp.Compare(a.seat, b.seat)
	}
	if a.since != b.since {
		return cmp.Compare(a.since, b.since)
	}
	return cmp.Or(cmp.Compare(a.until, b.until), cmp.Compare(a.cell, b.cell), cmp.Compare(a.seat, b.seat), cmp.Compare(a.earlier, b.earlier))
}

// addSpans compares the spans of a post with those that held before the commit. Spans
// that are gone end with the commit, and new ones begin.
func (u *Updater) addSpans(at int, post timeline.Number, p *timeline.Post) {
	r := u.rows[at]
	current := r.currentOn(post)
	u.spans = u.spans[:0]
	u.views[at].Spans(p, u.appendSpan)
	old, now := *current, u.spans
	slices.SortFunc(now, compareSpans)
	kept, begun := 0, 0
	for i := range now {
		for kept < len(old) && compareSpans(old[kept], now[i]) < 0 {
			u.endSpan(r, old[kept])
			kept++
		}
		if kept < len(old) && compareSpans(old[kept], now[i]) == 0 {
			now[i] = old[kept]
			kept++
			continue
		}
		r.lastSpan++
		now[i].id = r.lastSpan
		r.changes = append(r.changes, now[i].begin(post))
		u.countSpan(r, now[i], 1)
		begun++
	}
	for ; kept < len(old); kept++ {
		u.endSpan(r, old[kept])
	}
	if begun > 0 || len(now) != len(old) {
		*current = append(old[:0], now...)
	}
}

// appendSpan takes a span of the post under way from its view.
func (u *Updater) appendSpan(s view.Span) {
	until := s.Until
	if until == 0 {
		until = packing.OpenEnd
	}
	u.spans = append(u.spans, currentSpan{cell: uint32(u.cells.number(&s.Cell)), since: s.Since, until: until, seat: packSeat(s.Seat, s.Filled), earlier: uint32(s.Earlier)})
}

// endSpan ends a span with the commit.
func (u *Updater) endSpan(r *viewRows, s currentSpan) {
	r.changes = append(r.changes, packing.SpanChange{Ends: s.id})
	u.countSpan(r, s, -1)
}

// countSpan adds what a span contributes to other views, times sign.
func (u *Updater) countSpan(r *viewRows, s currentSpan, sign int) {
	for _, i := range r.countedBy {
		span := view.Span{Seat: s.seatNo(), Since: s.since, Until: s.until, Filled: s.filled(), Earlier: int(s.earlier)}
		if span.Until == packing.OpenEnd {
			span.Until = 0
		}
		if on, measure, n := u.views[i].Span(span); n != 0 {
			u.rows[i].add(amount{int64(s.cell), on, measure, sign * n})
		}
	}
}

// restoreSpans restores the spans of a view that hold. All changes are read twice, so
// that none of the many spans that ended has to be kept.
func (u *Updater) restoreSpans(ctx context.Context, w *readmodel.Writer, at int) error {
	r, name := u.rows[at], u.views[at].Name
	ended, err := endedSpans(ctx, w, name)
	if err != nil {
		return err
	}
	err = w.Spans(ctx, name, func(_ uint64, changes []packing.SpanChange) {
		for _, c := range changes {
			if c.Ends != 0 {
				continue
			}
			if r.lastSpan++; !ended[r.lastSpan] {
				on := r.currentOn(c.Post)
				*on = append(*on, currentSpan{r.lastSpan, c.Since, c.Until, uint32(c.Cell), packSeat(c.Seat, c.Filled), uint32(c.Earlier)})
			}
		}
	})
	for post := range r.current {
		r.current[post] = slices.Clip(r.current[post])
		slices.SortFunc(r.current[post], compareSpans)
	}
	return err
}

// endedSpans reports of each span of a view whether it ended, by its number.
func endedSpans(ctx context.Context, w *readmodel.Writer, name string) ([]bool, error) {
	ended := []bool{false} // numbers begin with 1
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
	return ended, err
}
