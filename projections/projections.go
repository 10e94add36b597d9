// Package projections lists the views that a projector keeps. How they come to
// be is told in README.md; to add one, see package view.
package projections

import (
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/vacancy"
	"github.com/muster-works/muster/projections/view"
)

// Views returns every view.
func Views() []view.View {
	return []view.View{
		headcount.View(),
		headcount.Estimated(),
		plan.Planned(),
		plan.Developed(),
		vacancy.View(),
		vacancy.Filled(),
		agency.View(),
	}
}
