// Package view says what a view is: the contribution of one timeline to the
// figures.
//
// A view never sees another timeline, nor its own earlier rows. When a commit
// changes a timeline, the runner asks the view what the timeline contributed
// before and what it contributes now, and writes the difference under the
// ordinal of the commit. So nothing is overwritten, and what was true on a
// date as it was known at a moment is two bounds:
//
//	sum(n) where date <= as_of and ord <= known
//
// A contribution depends on what the events of the timeline say, and never on
// their order in the log, on the clock or on the other timelines. It may be
// given in any order and in parts; equal places are summed.
//
// To add a view, write a package with a function that returns a View, and add
// it to the list in package projections. A changed contribution is a new
// version, and makes the read model be rebuilt.
package view

import (
	"math"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// Emit takes a part of a contribution: n more in a cell from a business date
// on. Measure sets apart what must not be summed, such as the days it took;
// most views leave it 0.
type Emit func(c Cell, on civil.Date, measure, n int)

// A Span is a seat in a state between two business dates.
type Span struct {
	Cell  Cell
	Seat  int
	Since civil.Date
	Until civil.Date // first day no longer; 0 is open
	// Filled says that the span ended because somebody took the seat, and not
	// because the seat is no more.
	Filled bool
}

// A Report takes a part of what an event contributes by itself. A measure of Lag
// stands for the days from the business date until the event was recorded.
type Report = Emit

// Lag is that measure.
const Lag = math.MinInt

// shanghai is where business dates are; it has kept one time since 1992.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// RecordedOn returns the day on which something was recorded.
func RecordedOn(t time.Time) civil.Date { return civil.DateIn(t, shanghai) }

// A View is one way of looking at timelines. It has one or more of the
// functions.
type View struct {
	Name    string // of its table: lower case
	Version int

	Post  func(*timeline.Post, Emit)       // what a post contributes
	Plan  func(*timeline.Plan, Emit)       // what a plan line contributes
	Spans func(*timeline.Post, func(Span)) // the spans of a post
	// Placement is what each placement on a post that was developed contributes.
	// Post could say the same; but of the placements on a post most are what they
	// were before, and only of the others this is asked.
	Placement func(timeline.Attributes, timeline.Placement, Emit)
	// Span is what each span of the view Of contributes, in the cell of the span,
	// which is left out.
	Span func(Span) (on civil.Date, measure, n int)
	Of   string
	// Event is what an event contributes by itself, once and for good: since it was
	// recorded, whatever it replaces, and whatever replaces or withdraws it. The
	// event is good until the function returns.
	Event func(*events.Event, Report)
}
