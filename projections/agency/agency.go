// Package agency counts how agencies keep their duties as publishers: how late they
// report, how much of what they should, and what of theirs was refused.
//
// The view counts events by themselves, once and for good. An event counts in the cell of
// the agency that answers for it, of its county and of its type. So a report that was late
// stays late, whatever corrects it afterwards. A count depends on the event and on when it
// was recorded, and on nothing else in the log:
//
//   - attendance.reported counts from the first day of its month, and exit.recorded from
//     its day. The measure is how many days later the event was recorded. The due day
//     stands in the policy pack, and is looked up when a question is asked.
//   - An event of these types that replaces another counts under the reason Corrected and
//     without a measure: a correction is no report of its own.
//   - submissions.tallied counts from the day on which its interval began: what was
//     accepted, what was a duplicate, and what was rejected by code, each under its own
//     measure.
//
// How complete attendance is, is worked out from the timelines of posts when a question is
// asked, see [CountReports].
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
		reportTimely(e, month.First(), report)
	case *events.ExitRecorded:
		reportTimely(e, d.On, report)
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

// reportTimely counts an event that is due some time after a day.
func reportTimely(e *events.Event, on civil.Date, report view.Report) {
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
	InPlace  int // placements that hold on a day of the month on which the person is not suspended
	Reported int // of them, those whose person is on a sheet of the post and month
}

// CountReports counts, by the agency that developed the post, the placements that hold on
// a day of a month on the posts under a division prefix, and those of them for which there
// is a sheet, as known at an ordinal. A post counts where it lies on the first of the month. Sheets that were replaced or withdrawn do not
// count. A placement counts once, on however many sheets the person is. CountReports fails
// as the model does.
func CountReports(ctx context.Context, m Model, prefix string, month civil.Month, known uint64) (map[string]Reports, error) {
	all := map[string]Reports{}
	reported := map[timeline.Number]bool{}
	var damaged error
	err := m.PostsUnder(ctx, prefix, known, func(_ timeline.Number, _ string, p *timeline.Post) {
		a, ok := p.Periods().On(month.First())
		if !ok || !a.Division.Under(prefix) {
			return
		}
		post, err := reportsOf(p, month, reported)
		if err != nil {
			damaged = err
		}
		if sum := all[a.Agency].plus(post); sum != (Reports{}) {
			all[a.Agency] = sum
		}
	})
	if err == nil {
		err = damaged
	}
	return all, err
}

func (r Reports) plus(o Reports) Reports {
	return Reports{r.InPlace + o.InPlace, r.Reported + o.Reported}
}

// reportsOf counts the placements on one post. It uses the map reported.
func reportsOf(p *timeline.Post, month civil.Month, reported map[timeline.Number]bool) (r Reports, err error) {
	clear(reported)
	if err = p.Reported(month, func(no timeline.Number) { reported[no] = true }); err != nil {
		return r, err
	}
	for _, h := range p.Placements() {
		if !worksIn(&h, month) {
			continue
		}
		r.InPlace++
		if reported[h.Person] {
			r.Reported++
		}
	}
	return r, nil
}

// worksIn reports whether a placement has a day of a month on which the person is not
// suspended: nobody reports the attendance of a suspended person.
func worksIn(p *timeline.Placement, month civil.Month) bool {
	for s := range p.Stretches {
		if s.Standing != timeline.Suspended && s.From < (month+1).First() && (s.Until == 0 || s.Until > month.First()) {
			return true
		}
	}
	return false
}
