// Package agency holds publishers to account: how late they report, how much of
// what they should, and what of theirs was refused.
//
// The view counts events by themselves, once and for good, in the cell of the
// agency that answers for them, of the county that they are about and of their
// type. So a report that was late stays late, whatever corrects it afterwards, and
// nothing here depends on what else is in the log but when it was recorded:
//
//   - attendance.reported from the first day of its month, and exit.recorded from
//     its day on; the measure is how many days later it was recorded. What was
//     due when is in the policy pack, and is looked up on reading.
//   - those of them that correct an earlier one, under the reason Corrected and
//     without a measure: they are no reports of their own.
//   - submissions.tallied from the day on which its interval began: what was
//     accepted, was a duplicate, and was rejected by code, each under its measure.
//
// How complete attendance is, is worked out on reading from the timelines of
// posts, see [CountReports].
package agency

import (
	"context"
	"maps"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// Corrected is the reason in the cell of an event that replaces another.
const Corrected = "corrected"

// The measures of what was submitted.
const (
	Accepted = iota
	Duplicate
	Rejected // the reason in the cell is the code
)

// ViewName names the view and its table.
const ViewName = "agencies"

// View returns the view.
func View() view.View { return view.View{Name: ViewName, Version: 1, Event: contribute} }

func contribute(e *events.Event, report view.Report) {
	switch d := e.Data.(type) {
	case *events.AttendanceReported:
		month := d.Month
		if d.Date != 0 {
			month = d.Date.Month()
		}
		timely(e, month.First(), report)
	case *events.ExitRecorded:
		timely(e, d.On, report)
	case *events.SubmissionsTallied:
		cell, on := view.Cell{view.Agency: d.Agency, view.Kind: string(e.Type)}, view.RecordedOn(d.From)
		report(cell, on, Accepted, d.Accepted)
		report(cell, on, Duplicate, d.Duplicate)
		for _, code := range slices.Sorted(maps.Keys(d.Rejected)) { // cells are numbered as they come
			cell[view.Reason] = code
			report(cell, on, Rejected, d.Rejected[code])
		}
	}
}

// timely counts an event that is due some time after a day.
func timely(e *events.Event, on civil.Date, report view.Report) {
	cell, measure := view.Cell{view.Agency: e.Agency(), view.Kind: string(e.Type)}, view.Lag
	if e.Division.Valid() {
		cell[view.Division] = string(e.Division.At(division.County))
	}
	if e.Replaces != "" {
		cell[view.Reason], measure = Corrected, 0
	}
	report(cell, on, measure, 1)
}

// A Model is where timelines are read from; readmodel.Reader is one.
type Model interface {
	PostsUnder(ctx context.Context, prefix string, known uint64, yield func(timeline.Number, string, *timeline.Post)) error
}

// Reports say how much of a month's attendance was reported.
type Reports struct {
	InPlace  int // placements on a day of the month
	Reported int // of them, those of persons on a sheet of the post and month
}

// CountReports counts, by the agency that answers for the post, who was in place in
// a month on the posts under a division prefix, and for whom there is a sheet that
// stands, as known at an ordinal. A person counts once a placement, on however many
// sheets. It fails as the model does.
func CountReports(ctx context.Context, m Model, prefix string, month civil.Month, known uint64) (map[string]Reports, error) {
	all := map[string]Reports{}
	first, end := month.First(), (month + 1).First()
	reported := map[timeline.Number]bool{}
	var damaged error
	err := m.PostsUnder(ctx, prefix, known, func(_ timeline.Number, _ string, p *timeline.Post) {
		a, ok := p.Attributes()
		if !ok || !a.Division.Under(prefix) {
			return
		}
		clear(reported)
		if err := p.Reported(month, func(no timeline.Number) { reported[no] = true }); err != nil {
			damaged = err
		}
		r := all[a.Agency]
		for _, h := range p.Placements() {
			if h.Empty() || h.From >= end || h.Exit != 0 && h.Exit <= first {
				continue
			}
			r.InPlace++
			if reported[h.Person] {
				r.Reported++
			}
		}
		if r != (Reports{}) {
			all[a.Agency] = r
		}
	})
	if err == nil {
		err = damaged
	}
	return all, err
}
