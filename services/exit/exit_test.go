package exit

import (
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

func elsewhere(e *events.Event) *events.Event { e.Division = "370212000000"; return e }

// because changes the kind and code of an exit.
func because(e *events.Event, kind, code string) *events.Event {
	d := e.Data.(*events.ExitRecorded)
	d.Kind, d.Code = kind, code
	return e
}

func estimated(e *events.Event) *events.Event {
	e.Data.(*events.ExitRecorded).Estimated = "month"
	return e
}

func TestDecide(t *testing.T) {
	// Person 1 is in place. Person 2 left in July and came back in September. Person
	// 3 followed person 2 on the seat.
	village := []*events.Event{
		Developed("d", "a", 3, "2020-05-01"), Developed("e", "b", 3, "2022-05-01"),
		Hired("h1", "a", 1, 1, "2022-05-02"), Hired("h2", "a", 2, 2, "2022-05-02"), Exited("x2", "a", 2, "2022-07-01"),
		Hired("h3", "a", 3, 2, "2022-07-10"), Hired("h2b", "a", 2, 3, "2022-09-01"),
	}
	given := func(more ...*events.Event) []*events.Event {
		return append(village[:len(village):len(village)], more...)
	}
	r := Rules(t)
	Judge(t, Cases{
		{"in place", given(), Exited("x", "a", 1, "2022-08-01"), ""},
		{"on the on-duty day: never started", given(), Exited("x", "a", 1, "2022-05-02"), ""},
		{"before the on-duty day", given(), Exited("x", "a", 1, "2022-05-01"), "not_in_place data.on"},
		{"before the on-duty day, recorded", given(), Recorded(Exited("x", "a", 1, "2022-05-01")), ""},
		{"another person", given(), Exited("x", "a", 9, "2022-08-01"), "not_in_place data.on"},
		{"another post", given(), Exited("x", "b", 1, "2022-08-01"), "not_in_place data.on"},
		{"an unknown post", given(), Recorded(Exited("x", "c", 1, "2022-08-01")), "unknown_post data.post"},
		{"a post of another county", given(), Recorded(elsewhere(Exited("x", "a", 1, "2022-08-01"))), "division_outside division"},
		{"twice", given(), Exited("x", "a", 2, "2022-07-01"), "already_exited data.on"},
		{"between two placements", given(), Exited("x", "a", 2, "2022-08-01"), "already_exited data.on"},
		{"earlier than said", given(), Exited("x", "a", 2, "2022-06-01"), "already_exited data.on"},
		{"on the day of an exit, back since", given(Exited("x3", "a", 3, "2022-08-01"), Hired("h4", "a", 3, 2, "2022-08-01")), Exited("x", "a", 3, "2022-08-01"), "already_exited data.on"},
		{"from the second placement", given(), Exited("x", "a", 2, "2022-10-01"), ""},

		{"an unknown code", given(), because(Exited("x", "a", 1, "2022-08-01"), "natural", "N9"), "exit_code_unknown data.code"},
		{"the other kind", given(), because(Exited("x", "a", 1, "2022-08-01"), "dismissal", "N1"), "exit_kind data.kind"},
		{"a dismissal", given(), because(Exited("x", "a", 1, "2022-08-01"), "dismissal", "D2"), ""},
		{"an unknown code, recorded", given(), Recorded(because(Exited("x", "a", 1, "2022-08-01"), "natural", "N9")), ""},
		{"before any pack", given(Hired("h4", "a", 4, 1, "2020-06-01")), Exited("x", "a", 4, "2020-08-01"), "no_policy data.on"},
		{"estimated", given(), estimated(Exited("x", "a", 1, "2022-08-01")), "day_unknown data.estimated"},
		{"estimated, recorded", given(), Recorded(estimated(Exited("x", "a", 1, "2022-08-01"))), ""},
		{"everything wrong", given(), because(Exited("x", "a", 9, "2022-08-01"), "dismissal", "N1"), "not_in_place data.on, exit_kind data.kind"},

		{"corrected to an earlier day", given(), Replacing(Exited("x", "a", 2, "2022-06-01"), "x2"), ""},
		{"corrected to a later day", given(), Replacing(Exited("x", "a", 2, "2022-07-10"), "x2"), ""},
		{"corrected to after the seat was filled", given(), Replacing(Exited("x", "a", 2, "2022-07-11"), "x2"), "seat_taken data.on"},
		{"corrected to before the placement", given(), Replacing(Exited("x", "a", 2, "2022-05-01"), "x2"), "not_in_place data.on, person_placed data.on, seat_taken data.on"},
		{"corrected to another person", given(Exited("x3", "a", 3, "2022-07-10")), Replacing(Exited("x", "a", 1, "2022-07-01"), "x3"), ""},
		{"corrected to another person, the seat filled", given(Exited("x1", "a", 1, "2022-07-01"), Hired("h5", "a", 5, 1, "2022-07-01")),
			Replacing(Exited("x", "a", 3, "2022-08-01"), "x1"), "seat_taken data.on"},
		{"corrected to the one who followed on the seat", given(), Replacing(Exited("x", "a", 3, "2022-08-01"), "x2"), "person_placed data.on, seat_taken data.on"},
		{"corrected code", given(), Replacing(because(Exited("x", "a", 2, "2022-07-01"), "natural", "N1"), "x2"), ""},

		{"withdrawn", given(Exited("x1", "a", 1, "2022-08-01")), Withdrawn("w", events.ExitRecordedType, "x1"), ""},
		{"withdrawn, the seat filled", given(Exited("x1", "a", 1, "2022-08-01"), Hired("h5", "a", 5, 1, "2022-09-01")), Withdrawn("w", events.ExitRecordedType, "x1"), "seat_taken data.id"},
		{"withdrawn, the seat filled, recorded", given(Exited("x1", "a", 1, "2022-08-01"), Hired("h5", "a", 5, 1, "2022-09-01")),
			Recorded(Withdrawn("w", events.ExitRecordedType, "x1")), ""},
		{"withdrawn, placed elsewhere", given(Exited("x1", "a", 1, "2022-08-01"), Hired("h5", "b", 1, 1, "2022-09-01")), Withdrawn("w", events.ExitRecordedType, "x1"), "person_placed data.id"},
		{"withdrawn, placed there and elsewhere", given(), Withdrawn("w", events.ExitRecordedType, "x2"), "person_placed data.id, seat_taken data.id"},
		{"withdrawn, the post closed", given(Exited("y", "b", 9, "2022-08-01"), Recorded(Hired("h9", "b", 9, 1, "2022-05-02")), Closed("c", "b", "2022-08-01")),
			Withdrawn("w", events.ExitRecordedType, "y"), "post_not_open data.id"},
		{"withdrawn, the seat taken away", given(Hired("h9", "b", 9, 3, "2022-05-02"), Exited("y", "b", 9, "2022-08-01"), Resized("z", "b", 2, "2022-09-01")),
			Withdrawn("w", events.ExitRecordedType, "y"), "no_such_seat data.id"},
		{"withdrawn, the post begins later", given(Hired("h9", "b", 9, 3, "2022-05-02"), Exited("y", "b", 9, "2022-05-02"), Replacing(Developed("e2", "b", 3, "2022-06-01"), "e")),
			Withdrawn("w", events.ExitRecordedType, "y"), "no_such_seat data.id"},
		{"withdrawn, two posts in days before", given(Recorded(Hired("h9", "b", 1, 1, "2022-05-10")), Exited("y", "b", 1, "2022-06-01"), Exited("x1", "a", 1, "2022-08-01")),
			Withdrawn("w", events.ExitRecordedType, "x1"), ""},
		{"an exit that ended nothing withdrawn", given(Recorded(Exited("y", "b", 9, "2022-08-01"))), Withdrawn("w", events.ExitRecordedType, "y"), ""},
		{"withdrawn before it came", given(Withdrawn("w", events.ExitRecordedType, "x")), Exited("x", "nowhere", 9, "2022-08-01"), ""},
	}, func() (command.State, command.Decider) {
		s := placement.New()
		return s, New(s, r)
	})
}

// A season is a person who came twice and left twice, and somebody else on the seat in between.
func TestCorrectionOfASeason(t *testing.T) {
	posts := []*events.Event{Developed("d", "a", 1, "2022-01-01"), Developed("e", "b", 1, "2022-01-01")}
	first := []*events.Event{Hired("h1", "a", 1, 1, "2022-05-01"), Exited("x1", "a", 1, "2022-06-11")}
	between := []*events.Event{Hired("hb", "a", 2, 1, "2022-06-14"), Exited("xb", "a", 2, "2022-06-18")}
	r := Rules(t)
	for _, second := range []struct {
		name string
		post string
		left bool
		by   []*events.Event // who was on the seat in between
	}{
		{"back on the post", "a", false, nil}, {"back on the post and left", "a", true, nil},
		{"back on another post", "b", false, nil}, {"back on another post and left", "b", true, nil},
		{"back on the post after somebody else", "a", false, between}, {"back on the post after somebody else and left", "a", true, between},
	} {
		given := slices.Concat(posts, first, second.by, []*events.Event{Hired("h2", second.post, 1, 1, "2022-06-20")})
		if second.left {
			given = append(given, Exited("x2", second.post, 1, "2022-07-01"))
		}
		cases := Cases{
			{"the code", given, Replacing(because(Exited("x", "a", 1, "2022-06-11"), "dismissal", "D2"), "x1"), ""},
			{"later", given, Replacing(Exited("x", "a", 1, "2022-06-13"), "x1"), ""},
			{"earlier", given, Replacing(Exited("x", "a", 1, "2022-06-08"), "x1"), ""},
			{"into the second stint", given, Replacing(Exited("x", "a", 1, "2022-06-25"), "x1"), "person_placed data.on"},
			{"to a day before the first", given, Replacing(Exited("x", "a", 1, "2022-04-30"), "x1"), "not_in_place data.on, person_placed data.on"},
		}
		if second.by != nil {
			cases[3].Want, cases[4].Want = "person_placed data.on, seat_taken data.on", "not_in_place data.on, person_placed data.on, seat_taken data.on"
		}
		if second.left {
			cases = append(cases,
				Cases{{"the last exit later", given, Replacing(Exited("x", second.post, 1, "2022-07-05"), "x2"), ""},
					{"the last exit to a day before the second stint", given, Replacing(Exited("x", second.post, 1, "2022-06-19"), "x2"), map[string]string{"a": "already_exited data.on", "b": "not_in_place data.on"}[second.post]},
					{"an exit between the two", given, Exited("x", "a", 1, "2022-06-15"), "already_exited data.on"},
					{"an exit before the first", given, Exited("x", "a", 1, "2022-06-05"), "already_exited data.on"}}...)
		}
		t.Run(second.name, func(t *testing.T) {
			Judge(t, cases, func() (command.State, command.Decider) {
				s := placement.New()
				return s, New(s, r)
			})
		})
	}
}

func TestPolicyVersion(t *testing.T) {
	s := placement.New()
	command.Apply(s, Developed("d", "a", 3, "2022-05-01"))
	command.Apply(s, Hired("h", "a", 1, 1, "2022-05-02"))
	for e, want := range map[*events.Event]string{
		Exited("x", "a", 1, "2022-08-01"):           "shandong-2022.1",
		Recorded(Exited("x", "a", 1, "2022-08-01")): "",
	} {
		record, refused := New(s, Rules(t)).Decide(e)
		if refused != nil || record.PolicyVersion != want {
			t.Errorf("decided by %q, want %q (%v)", record.PolicyVersion, want, refused)
		}
	}
}
