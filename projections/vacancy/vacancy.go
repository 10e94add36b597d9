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
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// View returns the view of vacant seats: a span for each seat and interval.
func View() view.View {
	return view.View{Name: "vacancy", Version: 1, Spans: spans}
}

// Filled returns the view of vacancies filled: one in the cell of the seat and
// of the reason, on the on-duty day; the measure is the days it was vacant.
func Filled() view.View {
	return view.View{Name: "filled", Version: 1, Of: "vacancy", Span: func(s view.Span) (on civil.Date, measure, n int) {
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
	cell, placed := view.CellOf(a), p.Placements()
	for seat := 1; seat <= most; seat++ {
		seatSpans(cell, seat, steps, placed, yield)
	}
}

// seatSpans yields the vacant spans of one seat, ascending.
func seatSpans(c view.Cell, seat int, steps []timeline.Step, placed []timeline.Placement, yield func(view.Span)) {
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
		gaps(c, seat, since, until, placed, yield)
	}
}

// gaps yields what placements on a seat leave free of [since, until). They come by
// on-duty day; in which order those of one day come makes no difference.
func gaps(c view.Cell, seat int, since, until civil.Date, placed []timeline.Placement, yield func(view.Span)) {
	for i := range placed {
		h := &placed[i]
		if h.Seat != seat || h.Empty() {
			continue
		}
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
			since, c.Reason = h.Exit, h.ExitCode
		case h.Exit == since && c.Reason != "" && h.ExitCode < c.Reason:
			c.Reason = h.ExitCode
		}
	}
	if until == 0 || since < until {
		yield(view.Span{Cell: c, Seat: seat, Since: since, Until: until})
	}
}
