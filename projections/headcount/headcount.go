// Package headcount counts placements: one more from the on-duty day on, one
// less from the exit day on, by division, category, kind, area, the group and sex
// of the person, and how the person is in place. A person on two posts counts twice;
// so do a suspended person and the one who stands in. Placements on a post that
// nobody developed count nowhere, for want of a division.
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

func contribute(a timeline.Attributes, placed timeline.Placement, emit view.Emit) {
	for s := range placed.Stretches {
		cell := view.CellOfPlacement(a, &placed, s)
		emit(cell, s.From, 0, 1)
		if s.Until != 0 {
			emit(cell, s.Until, 0, -1)
		}
	}
}

// Estimated returns the view of exits whose day is estimated, in the cell of the last day
// before the exit.
func Estimated() view.View {
	return view.View{Name: EstimatedViewName, Version: 1, Placement: func(a timeline.Attributes, placed timeline.Placement, emit view.Emit) {
		from, until := placed.ExitWithin()
		if placed.Estimated == "" || placed.Empty() {
			return
		}
		cell := view.CellOfPlacement(a, &placed, placed.On(placed.Exit-1))
		emit(cell, from, 0, 1)
		emit(cell, until, 0, -1)
	}}
}
