// Package vacancy finds the seats that nobody sits on, and how long it took to
// fill them.
//
// A seat is vacant on the days on which it exists and no placement holds it. It
// exists while the post has that many seats and has not ended. If the post changes
// meanwhile, such as by a move to another division, the seat is vacant in one cell
// before and in another one after, and has been vacant since the same day. A seat never
// filled is vacant since it began, with no reason; otherwise the reason is the
// code of the exit that made it vacant. When the last of two placements on one
// seat ends it is vacant from then on.
package vacancy

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// The names of the views and of their tables.
const (
	ViewName       = "vacancy"
	FilledViewName = "filled"
)

// View returns the view of vacant seats: a span for each seat and interval.
func View() view.View {
	return view.View{Name: ViewName, Version: 1, Spans: spans}
}

// Filled returns the view of vacancies filled: one in the cell of the seat and
// of the reason, on the on-duty day; the measure is the days it was vacant.
func Filled() view.View {
	return view.View{Name: FilledViewName, Version: 1, Of: ViewName, Span: func(s view.Span) (on civil.Date, measure, n int) {
		if s.Filled {
			return s.Until, int(s.Until-s.Since) + s.Earlier, 1
		}
		return 0, 0, 0
	}}
}

func spans(p *timeline.Post, yield func(view.Span)) {
	periods, steps := p.Periods(), p.Seats()
	if len(steps) == 0 {
		return
	}
	if len(periods) > 1 {
		yield = splitting(periods, yield)
	}
	most := 0
	for _, s := range steps {
		most = max(most, s.Seats)
	}
	var room [32]*timeline.Placement // enough for most posts
	cell, held := view.CellOf(periods[0].Attributes), holds(p, room[:0])
	for seat := 1; seat <= most; seat++ {
		n := 0
		for n < len(held) && held[n].Seat == seat {
			n++
		}
		seatSpans(cell, seat, steps, held[:n], yield)
		held = held[n:]
	}
}

// splitting returns a function that splits a span, and yields a part of it for each of the
// cells in which the post lies meanwhile.
func splitting(periods timeline.Periods, yield func(view.Span)) func(view.Span) {
	return func(s view.Span) {
		part := s
		for i := range periods {
			since, until, ok := periods.During(i, s.Since, s.Until)
			if !ok {
				continue
			}
			cell := view.CellOf(periods[i].Attributes)
			cell[view.Reason] = s.Cell[view.Reason]
			if since > s.Since && cell != part.Cell {
				part.Until, part.Filled = since, false
				yield(part)
				part.Since, part.Earlier = since, int(since-s.Since)
			}
			part.Cell, part.Until, part.Filled = cell, until, s.Filled
		}
		yield(part)
	}
}

// holds appends the placements that count, by seat and on-duty day.
func holds(p *timeline.Post, held []*timeline.Placement) []*timeline.Placement {
	placed := p.Placements()
	for i := range placed {
		if h := &placed[i]; !h.Empty() && h.Seat > 0 {
			held = append(held, h)
		}
	}
	slices.SortStableFunc(held, func(a, b *timeline.Placement) int { return cmp.Compare(a.Seat, b.Seat) })
	return held
}

// seatSpans yields the vacant spans of one seat, ascending.
func seatSpans(c view.Cell, seat int, steps []timeline.Step, held []*timeline.Placement, yield func(view.Span)) {
	for i := 0; i < len(steps); i++ {
		if steps[i].Seats < seat {
			continue
		}
		since := steps[i].From
		for i+1 < len(steps) && steps[i+1].Seats >= seat {
			i++
		}
		until := civil.Date(0)
		if i+1 < len(steps) {
			until = steps[i+1].From
		}
		gaps(c, seat, since, until, held, yield)
	}
}

// gaps yields what held leaves free of [since, until). In which order those come that
// begin on one day makes no difference.
func gaps(c view.Cell, seat int, since, until civil.Date, held []*timeline.Placement, yield func(view.Span)) {
	for _, h := range held {
		if until != 0 && h.From >= until {
			break
		}
		if h.From > since {
			yield(view.Span{Cell: c, Seat: seat, Since: since, Until: h.From, Filled: true})
		}
		switch {
		case h.Exit == 0:
			return
		case h.Exit > since:
			since, c[view.Reason] = h.Exit, h.ExitCode
		case h.Exit == since && c[view.Reason] != "" && h.ExitCode < c[view.Reason]:
			c[view.Reason] = h.ExitCode
		}
	}
	if until == 0 || since < until {
		yield(view.Span{Cell: c, Seat: seat, Since: since, Until: until})
	}
}
