// Package headcount counts placements: one more from the on-duty day on, one
// less from the exit day on, by division, category, kind, area, group and sex
// of the person. On the day on which the post changes, such as by a move to another
// division, a placement leaves the old cell and enters the new one. A person on two
// posts counts twice. Placements on a post that nobody developed count nowhere, for
// want of a division.
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

func contribute(post timeline.Periods, placed timeline.Placement, emit view.Emit) {
	if placed.Empty() {
		return
	}
	for i := range post {
		from, until, ok := post.During(i, placed.From, placed.Exit)
		if !ok {
			continue
		}
		cell := view.CellOfPlacement(post[i].Attributes, placed)
		emit(cell, from, 0, 1)
		if until != 0 {
			emit(cell, until, 0, -1)
		}
	}
}
