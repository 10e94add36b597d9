package placement_test

import (
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"pgregory.net/rapid"
)

// coded sets the code of an exit.
func coded(e *events.Event, code string) *events.Event {
	e.Data.(*events.ExitRecorded).Code = code
	return e
}

func TestHistoryBefore(t *testing.T) {
	given := book{
		Developed("d", "a", 3, "2016-01-01"), Developed("e", "b", 3, "2016-01-01"),
		Hired("h1", "a", 1, 1, "2016-03-01"), coded(Exited("x1", "a", 1, "2019-03-01"), "N4"),
		Hired("h2", "b", 1, 1, "2019-03-15"), coded(Exited("x2", "b", 1, "2019-04-14"), "N1"),
		Hired("h3", "a", 1, 2, "2020-01-01"), coded(Exited("x3", "a", 1, "2020-01-01"), "D4"),
		Hired("h4", "a", 1, 1, "2021-05-01"),
	}
	for _, c := range []struct {
		name, day string
		event     *events.Event
		want      placement.History
	}{
		{"before the first day", "2016-03-01", nil, placement.History{}},
		{"in the first placement", "2018-03-01", nil, placement.History{Placements: 1, Months: 24}},
		{"on the day of the exit", "2019-03-01", nil, placement.History{Placements: 1, Months: 36, LastExitCode: "N4"}},
		{"thirty days are a month", "2019-04-14", nil, placement.History{Placements: 2, Months: 37, LastExitCode: "N1"}},
		{"a placement without a day is none", "2021-01-01", nil, placement.History{Placements: 2, Months: 37, LastExitCode: "N1"}},
		{"in the last placement", "2021-06-15", nil, placement.History{Placements: 3, Months: 38, LastExitCode: "N1"}},
		{"without the replaced hire", "2021-06-15", Replacing(Hired("h5", "a", 1, 1, "2021-06-15"), "h4"), placement.History{Placements: 2, Months: 37, LastExitCode: "N1"}},
		{"without the replaced exit", "2019-06-01", Replacing(Exited("x4", "b", 1, "2019-05-14"), "x2"), placement.History{Placements: 2, Months: 38, LastExitCode: "N4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := c.event
			if e == nil {
				e = Hired("new", "a", 1, 1, c.day)
			}
			if got := fold(given).HistoryBefore(e, Person(1), civil.MustDate(c.day)); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// Goal: a history depends on the set of the events and not on their order.
// Method: events with exits of several codes on few days are folded in two orders.
func TestHistoryInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := tell(t, 40)
		for _, e := range b {
			e.Submode = events.ModeRecord
			if d, ok := e.Data.(*events.ExitRecorded); ok {
				d.Code = rapid.SampledFrom([]string{"N1", "N4", "D4"}).Draw(t, "code")
			}
		}
		other := slices.Clone(b)
		slices.Reverse(other)
		ask := Hired("ask", "p0", 1, 1, (begin + window).String())
		for person := range persons {
			for day := range days {
				got, want := fold(other).HistoryBefore(ask, Person(person+1), day), fold(b).HistoryBefore(ask, Person(person+1), day)
				if got != want {
					t.Fatalf("person %d on %s: %+v, in the other order %+v\n%s", person+1, day, want, got, b)
				}
			}
		}
	})
}
