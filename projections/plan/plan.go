// Package plan sets what was planned beside what was developed, in seats.
//
// planned: the plan of a division, year and area, from the first day of the
// year until its last, so that the sum up to a business date is the plan of
// that date's year. developed: the seats of posts, from the day they exist
// until the day they are no more, by division, category, kind and area as they
// hold on each day.
package plan

import (
	"time"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// The names of the views and of their tables.
const (
	PlannedViewName   = "planned"
	DevelopedViewName = "developed"
)

// Planned returns the view of seats planned.
func Planned() view.View {
	return view.View{Name: PlannedViewName, Version: 1, Plan: func(p *timeline.Plan, emit view.Emit) {
		cell := view.Cell{view.Division: string(p.Division), view.Area: p.Area}
		emit(cell, civil.On(p.Year, time.January, 1), 0, p.Seats())
		emit(cell, civil.On(p.Year+1, time.January, 1), 0, -p.Seats())
	}}
}

// Developed returns the view of seats developed.
func Developed() view.View {
	return view.View{Name: DevelopedViewName, Version: 1, Post: func(p *timeline.Post, emit view.Emit) {
		periods, steps := p.Periods(), p.Seats()
		for i := range periods {
			emitSeats(periods, i, steps, emit)
		}
	}}
}

// emitSeats emits the changes of the number of seats while period i of a post holds. When a
// later period begins, its seats leave the cell of the one before and enter its own.
func emitSeats(periods timeline.Periods, i int, steps []timeline.Step, emit view.Emit) {
	cell, seats := view.CellOf(periods[i].Attributes), 0
	for n, step := range steps {
		until := civil.Date(0)
		if n+1 < len(steps) {
			until = steps[n+1].From
		}
		if from, _, ok := periods.During(i, step.From, until); ok {
			emit(cell, from, 0, step.Seats-seats)
			seats = step.Seats
		}
	}
	if i+1 < len(periods) {
		emit(cell, periods[i+1].Begins, 0, -seats)
	}
}
