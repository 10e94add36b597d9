// Package view defines what a view is: a function from one timeline to what the
// timeline contributes to some figures.
//
//	commit ─► timeline before ─► contribution ─┐
//	      └─► timeline now ────► contribution ─┴─ delta ─► row of the view, under the
//	                                                      ordinal of the commit
//
// A view never sees another timeline, nor its own earlier rows. When a commit changes a
// timeline, the runner asks the view what the timeline contributed before and what it
// contributes now, and writes the delta under the ordinal of the commit. Rows are never
// overwritten. So a figure for a business date, as known at a moment, is a sum with two
// bounds:
//
//	sum(n) where date <= as_of and ord <= known
//
// A contribution must follow from what the events of the timeline say alone: not from
// their order in the log, from a clock or from other timelines. Its parts may come in any
// order; parts with the same cell, date and measure are summed. The functions of a View
// may be called by several goroutines at once, keep no state, and cannot fail.
//
// To add a view, write a package with a function that returns a View and a constant with
// its name, and add it to the list in package projections. To break figures down by
// something new, add an [Axis]. A view that contributes something else of the same events
// gets a new Version, and generations of the old one are rebuilt.
package view

import (
	"math"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// Emit takes a part of a contribution: n more in a cell from a business date on.
// Parts with different measures are not summed, such as those of vacancies that took
// different numbers of days to fill. Most views leave the measure 0.
type Emit func(c Cell, on civil.Date, measure, n int)

// A Span is a seat in a state between two business dates, in one cell.
type Span struct {
	Cell  Cell
	Seat  int
	Since civil.Date
	Until civil.Date // first day no longer; 0 is open
	// Earlier is how many days before Since the seat came into the state. It is not 0
	// if the post has changed since: those days belong to spans in other cells.
	Earlier int
	// Filled is set if the span ended because a person took the seat, and not because
	// the seat is no more.
	Filled bool
}

// A Report takes a part of what an event contributes by itself, as an Emit does. It
// replaces the measure Lag by the days from the business date until the event was
// recorded.
type Report = Emit

// Lag is the measure that a Report replaces.
const Lag = math.MinInt

// shanghai is where business dates are; it has kept one time since 1992.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// RecordedOn returns the day in Shanghai on which something was recorded.
func RecordedOn(t time.Time) civil.Date { return civil.DateIn(t, shanghai) }

// A View is one way of counting timelines. It has one or more of the functions; the
// table of a view that has Spans holds spans, that of all others holds deltas.
type View struct {
	Name    string // of the view and of its table: lower case
	Version int

	Post  func(*timeline.Post, Emit)       // what a post contributes
	Plan  func(*timeline.Plan, Emit)       // what a plan line contributes
	Spans func(*timeline.Post, func(Span)) // the spans of a post
	// Placement is what a placement on a post that was developed contributes. It
	// spares work that Post would do: it is called only for the placements that a
	// commit changed, or whose post it changed.
	Placement func(timeline.Periods, timeline.Placement, Emit)
	// Span is what a span of the view named Of contributes, in the cell of the span.
	Span func(Span) (on civil.Date, measure, n int)
	Of   string
	// Event is what an event contributes by itself, from the commit that recorded it
	// on and for good: it does not matter whether the event replaces another, or is
	// itself replaced or withdrawn. The event is good until the function returns.
	Event func(*events.Event, Report)
}
