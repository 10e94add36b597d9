// Package headcount counts placements: one more from the on-duty day on, one
// less from the exit day on, by division, category, kind, area, group and sex
// of the person. A person on two posts counts twice. Placements on a post that
// nobody developed count nowhere, for want of a division.
package headcount

import (
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// ViewName names the view and its table.
const ViewName = "headcount"

// View returns the view.
func View() view.View {
	return view.View{Name: ViewName, Version: 1, Placement: contribute}
}

func contribute(a timeline.Attributes, placed timeline.Placement, emit view.Emit) {
	if placed.Empty() {
		return
	}
	cell := view.CellOfPlacement(a, placed)
	emit(cell, placed.From, 0, 1)
	if placed.Exit != 0 {
		emit(cell, placed.Exit, 0, -1)
	}
}
