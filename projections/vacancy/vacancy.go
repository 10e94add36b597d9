// Package vacancy finds the seats that nobody sits on, and how long it took to
// fill them.
//
// A seat is vacant on the days on which it exists and no placement holds it. It
// exists while the post has that many seats and has not ended. A seat never
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
			return s.Until, int(s.Until - s.Since), 1
		}
		return 0, 0, 0
	}}
}

func spans(p *timeline.Post, yield func(view.Span)) {
	a, ok := p.Attributes()
	steps := p.Seats()
	if !ok || len(steps) == 0 {
		return
	}
	most := 0
	for _, s := range steps {
		most = max(most, s.Seats)
	}
	var room [32]*timeline.Placement // enough for most posts
	cell, held := view.CellOf(a), holds(p, room[:0])
	for seat := 1; seat <= most; seat++ {
		n := 0
		for n < len(held) && held[n].Seat == seat {
			n++
		}
		seatSpans(cell, seat, steps, held[:n], yield)
		held = held[n:]
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
