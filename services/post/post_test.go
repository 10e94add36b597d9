package post

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

func elsewhere(e *events.Event) *events.Event { e.Division = "370212000000"; return e }

func until(e *events.Event, end string) *events.Event {
	e.Data.(*events.PostDeveloped).Until = civil.MustDate(end)
	return e
}

// next is the village to which posts move.
const next division.Code = "370211102232"

func standard(id, on string) *events.Event {
	return Changed(id, "a", on, events.PostChanged{Standard: 88000, RequiredDays: 22})
}

func titled(id, on string) *events.Event {
	return Changed(id, "a", on, events.PostChanged{Title: "护路员"})
}

func moved(id, on string, to division.Code) *events.Event {
	return Changed(id, "a", on, events.PostChanged{Division: to})
}

// within sets the division of e.
func within(e *events.Event, d division.Code) *events.Event { e.Division = d; return e }

// authorized sets the divisions that the agency of e answers for.
func authorized(e *events.Event, prefix string) *events.Event { e.AuthDivision = prefix; return e }

func TestDecide(t *testing.T) {
	// Post a has three seats from May and four from September. One person is on seat
	// 3 in May and June, another on seat 2 from July on.
	village := []*events.Event{
		Developed("d", "a", 3, "2022-05-01"), Resized("z", "a", 4, "2022-09-01"),
		Hired("h1", "a", 1, 3, "2022-05-02"), Exited("x1", "a", 1, "2022-07-01"), Hired("h2", "a", 2, 2, "2022-07-01"),
	}
	given := func(more ...*events.Event) []*events.Event {
		return append(village[:len(village):len(village)], more...)
	}
	plan := func(where string) *events.Event {
		e := Event("p", &events.PlanSet{Division: "370211000000", Year: 2022, Area: "rural", Posts: 5})
		e.Division = "370200000000"
		if where != "" {
			e.Division = "370212000000"
		}
		return e
	}
	Judge(t, Cases{
		{"a plan", nil, plan(""), ""},
		{"a plan for another county", nil, plan("elsewhere"), "division_outside data.division"},
		{"a plan corrected", []*events.Event{plan("")}, Replacing(plan(""), "p"), ""},
		{"a post", nil, Developed("d", "a", 3, "2022-05-01"), ""},
		{"a post under the event's division", nil, func() *events.Event {
			e := Developed("d", "a", 3, "2022-05-01")
			e.Data.(*events.PostDeveloped).Division, e.Division = Village, "370211000000"
			return e
		}(), ""},
		{"a post in another county", nil, func() *events.Event {
			e := Recorded(Developed("d", "a", 3, "2022-05-01"))
			e.Data.(*events.PostDeveloped).Division = "370212001001"
			return e
		}(), "division_outside data.division"},
		{"a post twice", given(), Developed("d2", "a", 3, "2022-05-01"), "post_exists data.post"},
		{"a post twice, recorded", given(), Recorded(Developed("d2", "a", 3, "2022-05-01")), ""},

		{"an unknown post resized", nil, Recorded(Resized("z1", "a", 5, "2022-08-01")), "unknown_post data.post"},
		{"a post of another county resized", given(), Recorded(elsewhere(Resized("z1", "a", 5, "2022-08-01"))), "division_outside division"},
		{"more seats", given(), Resized("z1", "a", 5, "2022-08-01"), ""},
		{"fewer seats, free ones", given(), Resized("z1", "a", 2, "2022-07-01"), ""},
		{"fewer seats, one taken until later", given(), Resized("z1", "a", 2, "2022-06-30"), "seats_occupied data.seats"},
		{"fewer seats, one taken", given(), Resized("z1", "a", 1, "2022-08-01"), "seats_occupied data.seats"},
		{"fewer seats, one taken once there are more again", given(Hired("h4", "a", 4, 4, "2022-09-01")), Resized("z1", "a", 3, "2022-08-01"), ""},
		{"fewer seats, recorded", given(), Recorded(Resized("z1", "a", 0, "2022-08-01")), ""},
		{"another size for a day", given(), Resized("z1", "a", 6, "2022-09-01"), "size_exists data.from"},
		{"another size for the first day", given(), Resized("z1", "a", 6, "2022-05-01"), "size_exists data.from"},
		{"a size before the post", given(), Resized("z1", "a", 6, "2022-04-01"), "post_not_open data.from"},
		{"a size after its end", given(Closed("c", "a", "2022-12-01")), Resized("z1", "a", 6, "2022-12-01"), "post_closed data.from"},
		{"a size corrected", given(), Replacing(Resized("z1", "a", 6, "2022-09-01"), "z"), ""},
		{"a size corrected to too few", given(Hired("h4", "a", 4, 4, "2022-09-01")), Replacing(Resized("z1", "a", 3, "2022-09-01"), "z"), "seats_occupied data.seats"},
		{"a size corrected to too late", given(Hired("h4", "a", 4, 4, "2022-09-01")), Replacing(Resized("z1", "a", 4, "2022-09-02"), "z"), "seats_occupied data.seats"},
		{"a size withdrawn", given(), Withdrawn("w", events.PostResizedType, "z"), ""},
		{"a size withdrawn, a seat taken", given(Hired("h4", "a", 4, 4, "2022-09-01")), Withdrawn("w", events.PostResizedType, "z"), "seats_occupied data.id"},

		{"an unknown post changed", nil, Recorded(standard("s", "2022-07-01")), "unknown_post data.post"},
		{"a post of another county changed", given(), Recorded(elsewhere(standard("s", "2022-07-01"))), "division_outside division"},
		{"a standard from a day on", given(), standard("s", "2022-07-01"), ""},
		{"a standard from the first day on", given(), standard("s", "2022-05-01"), ""},
		{"a standard before the post", given(), standard("s", "2022-04-30"), "post_not_open data.on"},
		{"a standard before the post, recorded", given(), Recorded(standard("s", "2022-04-30")), ""},
		{"a standard after its end", given(Closed("c", "a", "2022-12-01")), standard("s", "2022-12-01"), "post_closed data.on"},
		{"two standards from one day", given(standard("s", "2022-07-01")), standard("s2", "2022-07-01"), "change_exists data.on"},
		{"two standards from one day, recorded", given(standard("s", "2022-07-01")), Recorded(standard("s2", "2022-07-01")), ""},
		{"two standards from two days", given(standard("s", "2022-07-01")), standard("s2", "2022-07-02"), ""},
		{"a standard and a title from one day", given(standard("s", "2022-07-01")), titled("t", "2022-07-01"), ""},
		{"two titles from one day", given(titled("t", "2022-07-01")), titled("t2", "2022-07-01"), "change_exists data.on"},
		{"a standard corrected", given(standard("s", "2022-07-01")), Replacing(standard("s2", "2022-07-01"), "s"), ""},
		{"a standard withdrawn", given(standard("s", "2022-07-01")), Withdrawn("w", events.PostChangedType, "s"), ""},
		{"a standard after the one before was withdrawn", given(standard("s", "2022-07-01"), Withdrawn("w", events.PostChangedType, "s")), standard("s2", "2022-07-01"), ""},

		{"moved to another village", given(), moved("m", "2022-07-01", next), ""},
		{"moved by the village that it leaves", given(), authorized(moved("m", "2022-07-01", next), "370211102231"), "not_entitled data.division"},
		{"moved by the village that it comes to", given(), within(authorized(moved("m", "2022-07-01", next), "370211102232"), next), "not_entitled data.division"},
		{"moved by that village, recorded", given(), Recorded(within(authorized(moved("m", "2022-07-01", next), "370211102232"), next)), "not_entitled data.division"},
		{"moved by the county", given(), authorized(moved("m", "2022-07-01", next), "370211"), ""},
		{"moved by the county, under the village that it comes to", given(), within(authorized(moved("m", "2022-07-01", next), "370211"), next), ""},
		{"moved by the county, under the township", given(), within(authorized(moved("m", "2022-07-01", next), "370211"), "370211102000"), ""},
		{"moved under a third village", given(), within(moved("m", "2022-07-01", next), "370211102001"), "division_outside division"},
		{"moved to another county by the county", given(), authorized(moved("m", "2022-07-01", "370212001001"), "370211"), "not_entitled data.division"},
		{"moved to another county by the prefecture", given(), authorized(moved("m", "2022-07-01", "370212001001"), "3702"), ""},
		{"moved to where it lies by the village", given(), authorized(moved("m", "2022-07-01", Village), "370211102231"), ""},
		{"the move withdrawn by the village that it came to", given(moved("m", "2022-07-01", next)),
			authorized(Withdrawn("w", events.PostChangedType, "m"), "370211102232"), "not_entitled data.id"},
		{"the move withdrawn by the county", given(moved("m", "2022-07-01", next)), authorized(Withdrawn("w", events.PostChangedType, "m"), "370211"), ""},
		{"the move corrected to a standard by the village that it left", given(moved("m", "2022-07-01", next)),
			Replacing(authorized(standard("s", "2022-07-01"), "370211102231"), "m"), "not_entitled data.division"},
		{"the move corrected to another day by the county", given(moved("m", "2022-07-01", next)),
			Replacing(authorized(moved("m2", "2022-08-01", next), "370211"), "m"), ""},
		{"resized by the old village after the move", given(moved("m", "2022-07-01", next)), Resized("z1", "a", 5, "2022-07-01"), "division_outside division"},
		{"resized by the new village after the move", given(moved("m", "2022-07-01", next)), within(Resized("z1", "a", 5, "2022-07-01"), next), ""},
		{"resized by the old village before the move", given(moved("m", "2022-07-01", next)), Resized("z1", "a", 5, "2022-06-30"), ""},
		{"resized by the new village before the move", given(moved("m", "2022-07-01", next)), within(Resized("z1", "a", 5, "2022-06-30"), next), "division_outside division"},

		{"an unknown post closed", nil, Closed("c", "a", "2022-08-01"), "unknown_post data.post"},
		{"closed with somebody in place", given(), Closed("c", "a", "2022-08-01"), "seats_occupied data.on"},
		{"closed with somebody in place, recorded", given(), Recorded(Closed("c", "a", "2022-08-01")), ""},
		{"closed when all have left", given(Exited("x2", "a", 2, "2022-08-01")), Closed("c", "a", "2022-08-01"), ""},
		{"closed a day too early", given(Exited("x2", "a", 2, "2022-08-01")), Closed("c", "a", "2022-07-31"), "seats_occupied data.on"},
		{"closed before it begins", given(), Closed("c", "a", "2022-04-01"), "post_not_open data.on, seats_occupied data.on"},
		{"closed twice", given(Exited("x2", "a", 2, "2022-08-01"), Closed("c", "a", "2022-08-01")), Closed("c2", "a", "2022-09-01"), "post_closed data.on"},
		{"closed later than said", given(Exited("x2", "a", 2, "2022-08-01"), Closed("c", "a", "2022-08-01")), Replacing(Closed("c2", "a", "2022-09-01"), "c"), ""},
		{"the closing withdrawn", given(Exited("x2", "a", 2, "2022-08-01"), Closed("c", "a", "2022-08-01")), Withdrawn("w", events.PostClosedType, "c"), ""},

		{"a post corrected", given(), Replacing(Developed("d2", "a", 5, "2022-04-01"), "d"), ""},
		{"a post corrected to begin later", given(), Replacing(Developed("d2", "a", 3, "2022-05-03"), "d"), "seats_occupied replaces"},
		{"a post corrected to fewer seats", given(), Replacing(Developed("d2", "a", 2, "2022-05-01"), "d"), "seats_occupied replaces"},
		{"a post corrected to an end", given(), Replacing(until(Developed("d2", "a", 3, "2022-05-01"), "2022-12-01"), "d"), "seats_occupied replaces"},
		{"a post corrected to an end after all left", given(Exited("x2", "a", 2, "2022-12-01")), Replacing(until(Developed("d2", "a", 3, "2022-05-01"), "2022-12-01"), "d"), ""},
		{"a post renamed", given(), Replacing(Developed("d2", "b", 3, "2022-05-01"), "d"), "seats_occupied replaces"},
		{"a post renamed to one that is there", given(Developed("e", "b", 1, "2022-05-01")), Replacing(Developed("d2", "a", 1, "2022-05-01"), "e"), "post_exists data.post"},
		{"an empty post renamed", []*events.Event{Developed("d", "a", 3, "2022-05-01")}, Replacing(Developed("d2", "b", 3, "2022-05-01"), "d"), ""},
		{"a post withdrawn", given(), Withdrawn("w", events.PostDevelopedType, "d"), "seats_occupied data.id"},
		{"a post withdrawn, recorded", given(), Recorded(Withdrawn("w", events.PostDevelopedType, "d")), ""},
		{"an empty post withdrawn", []*events.Event{Developed("d", "a", 3, "2022-05-01")}, Withdrawn("w", events.PostDevelopedType, "d"), ""},
		{"a post whose hire was withdrawn, withdrawn",
			[]*events.Event{Developed("d", "a", 3, "2022-05-01"), Hired("h", "a", 1, 1, "2022-05-01"), Withdrawn("w1", events.HirePlacedType, "h")},
			Withdrawn("w2", events.PostDevelopedType, "d"), ""},
		{"withdrawn before it came", []*events.Event{Withdrawn("w", events.PostResizedType, "z1")}, Resized("z1", "nowhere", 1, "2022-08-01"), ""},
	}, func() (command.State, command.Decider) {
		s := placement.New()
		return s, New(s)
	})
}
