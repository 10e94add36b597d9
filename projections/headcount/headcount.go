// Package headcount counts placements: one more from the on-duty day on, one
// less from the exit day on, by division, category, kind, area, the group and sex
// of the person, and how the person is in place. On the day on which the post changes, such
// as by a move to another division, a placement leaves the old cell and enters the new one.
// A person on two posts counts twice; so do a suspended person and the one who stands in.
// Placements on a post that nobody developed count nowhere, for want of a division.
//
// It also counts exits whose day is estimated, on the days of the month or of the year
// in which the person left: so many people more or less may have been in place.
package headcount

import (
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// The names of the views and of their tables.
const (
	ViewName          = "headcount"
	EstimatedViewName = "estimated_exits"
)

// View returns the view of placements.
//
// Version 2: by standing, and by the group of the day.
func View() view.View {
	return view.View{Name: ViewName, Version: 2, Placement: contribute}
}

func contribute(post timeline.Periods, placed timeline.Placement, emit view.Emit) {
	for s := range placed.Stretches {
		for i := range post {
			from, until, ok := post.During(i, s.From, s.Until)
			if !ok {
				continue
			}
			cell := view.CellOfPlacement(post[i].Attributes, &placed, s)
			emit(cell, from, 0, 1)
			if until != 0 {
				emit(cell, until, 0, -1)
			}
		}
	}
}

// Estimated returns the view of exits whose day is estimated, in the cell of the last day
// before the exit.
func Estimated() view.View {
	return view.View{Name: EstimatedViewName, Version: 1, Placement: func(post timeline.Periods, placed timeline.Placement, emit view.Emit) {
		if placed.Estimated == "" || placed.Empty() {
			return
		}
		last := placed.Exit - 1
		a, ok := post.On(last)
		if !ok {
			return
		}
		cell := view.CellOfPlacement(a, &placed, placed.On(last))
		from, until := placed.ExitWithin()
		emit(cell, from, 0, 1)
		emit(cell, until, 0, -1)
	}}
}
