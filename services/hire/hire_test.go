package hire

import (
	"os"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"github.com/muster-works/muster/services/internal/rules"
)

func elsewhere(e *events.Event) *events.Event { e.Division = "370212000000"; return e }

// with changes the data of a hire and returns it.
func with(e *events.Event, change func(d *events.HirePlaced)) *events.Event {
	change(e.Data.(*events.HirePlaced))
	return e
}

// born returns a hire on 2022-06-15 of a person born in a month.
func born(month, sex, group, post string) *events.Event {
	return with(Hired("h", post, 1, 0, "2022-06-15"), func(d *events.HirePlaced) {
		d.BirthMonth, d.Sex, d.Group = civil.MustMonth(month), sex, group
	})
}

// until returns a hire on 2022-06-15 of a man born in a month, with a term until a day.
func until(month, day string) *events.Event {
	return with(born(month, "M", "older", "a"), func(d *events.HirePlaced) { d.Until = civil.MustDate(day) })
}

// urban makes a post urban and returns its development.
func urban(e *events.Event) *events.Event {
	e.Data.(*events.PostDeveloped).Area = "urban"
	return e
}

func service(t *testing.T) func() (command.State, command.Decider) {
	r := Rules(t)
	return func() (command.State, command.Decider) {
		s := placement.New()
		return s, New(s, r)
	}
}

func TestSeatsAndPeople(t *testing.T) {
	// Post a has two seats from May and three from September. Person 1 is on seat 1,
	// person 2 was on seat 2 until July.
	village := []*events.Event{
		Developed("d", "a", 2, "2022-05-01"), Resized("z", "a", 3, "2022-09-01"), Developed("e", "b", 2, "2022-05-01"),
		Hired("h1", "a", 1, 1, "2022-05-02"), Hired("h2", "a", 2, 2, "2022-05-02"), Exited("x2", "a", 2, "2022-07-01"),
	}
	given := func(more ...*events.Event) []*events.Event {
		return append(village[:len(village):len(village)], more...)
	}
	Judge(t, Cases{
		{"an unknown post", nil, Hired("h", "a", 9, 1, "2022-06-01"), "unknown_post data.post"},
		{"an unknown post, recorded", nil, Recorded(Hired("h", "a", 9, 1, "2022-06-01")), "unknown_post data.post"},
		{"a post of another county", given(), Recorded(elsewhere(Hired("h", "b", 9, 1, "2022-06-01"))), "division_outside division"},
		{"before the post begins", given(), Hired("h", "b", 9, 1, "2022-04-30"), "post_not_open data.from"},
		{"on the day the post ends", given(Closed("c", "b", "2022-08-01")), Hired("h", "b", 9, 0, "2022-08-01"), "post_not_open data.from"},
		{"on the last day of the post", given(Closed("c", "b", "2022-08-01")), Hired("h", "b", 9, 0, "2022-07-31"), ""},

		{"a free seat", given(), Hired("h", "a", 9, 2, "2022-07-01"), ""},
		{"a seat that is taken", given(), Hired("h", "a", 9, 1, "2022-07-01"), "seat_taken data.seat"},
		{"a seat that is taken, recorded", given(), Recorded(Hired("h", "a", 9, 1, "2022-07-01")), ""},
		{"a day before it is free", given(), Hired("h", "a", 9, 2, "2022-06-30"), "seat_taken data.seat"},
		{"a seat that is taken later", given(Hired("h3", "a", 3, 2, "2022-08-01")), Hired("h", "a", 9, 2, "2022-07-01"), "seat_taken data.seat"},
		{"a seat that is taken later, left before", given(Hired("h3", "a", 3, 2, "2022-08-01"), Recorded(Exited("x", "a", 9, "2022-08-01"))),
			Hired("h", "a", 9, 2, "2022-07-01"), ""},
		{"a seat that comes later", given(), Hired("h", "a", 9, 3, "2022-08-31"), "no_such_seat data.seat"},
		{"a seat that has come", given(), Hired("h", "a", 9, 3, "2022-09-01"), ""},
		{"a seat that never comes, recorded", given(), Recorded(Hired("h", "a", 9, 7, "2022-09-01")), ""},
		{"no free seat", given(), Hired("h", "a", 9, 0, "2022-06-01"), "no_free_seat data.post"},
		{"no free seat, recorded", given(), Recorded(Hired("h", "a", 9, 0, "2022-06-01")), ""},
		{"a seat whose holder never started", given(Exited("x", "a", 1, "2022-05-02")), Hired("h", "a", 9, 1, "2022-05-02"), ""},

		{"a person in place elsewhere", given(), Hired("h", "b", 1, 1, "2022-07-01"), "person_placed data.person"},
		{"a person in place elsewhere, recorded", given(), Recorded(Hired("h", "b", 1, 1, "2022-07-01")), ""},
		{"a person in place on that very seat", given(), Hired("h", "a", 1, 1, "2022-07-01"), "person_placed data.person"},
		{"a person who comes to be elsewhere later", given(Hired("h3", "b", 3, 1, "2022-08-01")), Hired("h", "a", 3, 2, "2022-07-01"), "person_placed data.person"},
		{"a person on the day of the exit", given(), Hired("h", "b", 2, 1, "2022-07-01"), ""},
		{"a person the day before the exit", given(), Hired("h", "b", 2, 1, "2022-06-30"), "person_placed data.person"},
		{"a rehire", given(), Hired("h", "a", 2, 2, "2022-07-01"), ""},
		{"a rehire on the day of a hire that never counted", given(Hired("h3", "b", 3, 1, "2022-07-01"), Exited("x3", "b", 3, "2022-07-01")), Hired("h", "b", 3, 1, "2022-07-01"), "has_exit data.from"},
		{"the same, the seat left out", given(Hired("h3", "b", 3, 1, "2022-07-01"), Exited("x3", "b", 3, "2022-07-01")), Hired("h", "b", 3, 0, "2022-07-01"), "has_exit data.from"},
		{"the same, recorded", given(Hired("h3", "b", 3, 1, "2022-07-01"), Exited("x3", "b", 3, "2022-07-01")), Recorded(Hired("h", "b", 3, 1, "2022-07-01")), ""},
		{"the same a day later", given(Hired("h3", "b", 3, 1, "2022-07-01"), Exited("x3", "b", 3, "2022-07-01")), Hired("h", "b", 3, 1, "2022-07-02"), ""},
		{"a hire corrected to the day of one that never counted", given(Hired("h3", "b", 3, 1, "2022-07-01"), Exited("x3", "b", 3, "2022-07-01"), Hired("h4", "b", 3, 1, "2022-07-05")), Replacing(Hired("h", "b", 3, 1, "2022-07-01"), "h4"), "has_exit data.from"},
		{"seat and person", given(), Hired("h", "a", 2, 1, "2022-06-01"), "person_placed data.person, seat_taken data.seat"},

		{"a hire corrected to another day", given(), Replacing(Hired("h", "a", 1, 1, "2022-05-03"), "h1"), ""},
		{"a hire corrected to a free seat", given(), Replacing(Hired("h", "b", 1, 1, "2022-05-02"), "h1"), ""},
		{"a hire corrected to another person", given(), Replacing(Hired("h", "a", 9, 1, "2022-05-02"), "h1"), ""},
		{"a hire corrected to a person in place", given(Hired("h3", "b", 3, 1, "2022-05-02")), Replacing(Hired("h", "a", 3, 1, "2022-05-02"), "h1"), "person_placed data.person"},
		{"a hire corrected to a seat taken", given(), Replacing(Hired("h", "a", 1, 2, "2022-05-02"), "h1"), "seat_taken data.seat"},
		{"a hire corrected, the seat left out", given(), Replacing(Hired("h", "a", 1, 0, "2022-05-03"), "h1"), ""},
		{"a hire corrected that has an exit", given(), Replacing(Hired("h", "a", 2, 2, "2022-05-04"), "h2"), ""},
		{"a hire corrected to begin after its exit", given(), Replacing(Hired("h", "a", 2, 2, "2022-07-02"), "h2"), "has_exit replaces"},
		{"a hire corrected away from its exit", given(), Replacing(Hired("h", "b", 2, 1, "2022-05-02"), "h2"), "has_exit replaces"},
		{"a hire withdrawn", given(), Withdrawn("w", events.HirePlacedType, "h1"), ""},
		{"a hire withdrawn that has an exit", given(), Withdrawn("w", events.HirePlacedType, "h2"), "has_exit data.id"},
		{"a hire withdrawn that has an exit, recorded", given(), Recorded(Withdrawn("w", events.HirePlacedType, "h2")), ""},
		{"a hire withdrawn whose exit would end a rehire", given(Hired("h2b", "a", 2, 2, "2022-07-01")), Withdrawn("w", events.HirePlacedType, "h2"), "has_exit data.id"},
		{"one of two hires that one exit ended", given(Recorded(Hired("h2b", "a", 2, 2, "2022-05-02"))), Withdrawn("w", events.HirePlacedType, "h2b"), ""},
		{"an exit withdrawn, then the hire", given(Withdrawn("w", events.ExitRecordedType, "x2")), Withdrawn("w2", events.HirePlacedType, "h2"), ""},
		{"withdrawn before it came", given(Withdrawn("w", events.HirePlacedType, "h")), Hired("h", "a", 1, 1, "2022-07-01"), ""},
	}, service(t))
}

// A season is a person who came twice and left twice, and somebody else on the seat in between.
func TestCorrectionOfASeason(t *testing.T) {
	posts := []*events.Event{Developed("d", "a", 1, "2022-01-01"), Developed("e", "b", 1, "2022-01-01")}
	first := []*events.Event{Hired("h1", "a", 1, 1, "2022-05-01"), Exited("x1", "a", 1, "2022-06-11")}
	between := []*events.Event{Hired("hb", "a", 2, 1, "2022-06-14"), Exited("xb", "a", 2, "2022-06-18")}
	for _, second := range []struct {
		name, post string
		left       bool
		by         []*events.Event // who was on the seat in between
	}{
		{"back on the post", "a", false, nil}, {"back on the post and left", "a", true, nil},
		{"back on another post", "b", false, nil}, {"back on another post and left", "b", true, nil},
		{"back on the post after somebody else", "a", false, between}, {"back on the post after somebody else and left", "a", true, between},
	} {
		given := slices.Concat(posts, first, second.by, []*events.Event{Hired("h2", second.post, 1, 1, "2022-06-20")})
		cases := Cases{
			{"the first day later", given, Replacing(Hired("h", "a", 1, 1, "2022-05-03"), "h1"), ""},
			{"the first day later, the seat left out", given, Replacing(Hired("h", "a", 1, 0, "2022-05-03"), "h1"), ""},
			{"the first day earlier", given, Replacing(Hired("h", "a", 1, 1, "2022-04-20"), "h1"), ""},
			{"the first day after the exit", given, Replacing(Hired("h", "a", 1, 1, "2022-06-12"), "h1"), "person_placed data.person, has_exit replaces"},
			{"the second stint later", given, Replacing(Hired("h", second.post, 1, 1, "2022-06-22"), "h2"), ""},
			{"the second stint on the day of the exit", given, Replacing(Hired("h", second.post, 1, 1, "2022-06-18"), "h2"), ""},
			{"the second stint before the exit", given, Replacing(Hired("h", second.post, 1, 1, "2022-06-10"), "h2"), "person_placed data.person"},
		}
		if second.by != nil {
			cases[3].Want = "person_placed data.person, seat_taken data.seat, has_exit replaces"
			cases = append(cases, Cases{{"the one in between earlier", given, Replacing(Hired("h", "a", 2, 1, "2022-06-12"), "hb"), ""},
				{"the one in between too early", given, Replacing(Hired("h", "a", 2, 1, "2022-06-10"), "hb"), "seat_taken data.seat"}}...)
		}
		if second.left {
			if second.post == "a" { // the first exit would end both stints, and the second nothing
				cases[6].Want = "person_placed data.person, has_exit replaces"
			}
			for i := range cases {
				cases[i].Given = append(slices.Clip(cases[i].Given), Exited("x2", second.post, 1, "2022-07-01"))
			}
			cases = append(cases, Cases{{"the second stint after its exit", cases[0].Given, Replacing(Hired("h", second.post, 1, 1, "2022-07-02"), "h2"), "has_exit replaces"}}...)
		}
		t.Run(second.name, func(t *testing.T) { Judge(t, cases, service(t)) })
	}
}

// Goal: what contradicted the books before a correction does not stand against it, and what
// newly does is refused. Method: a person on two posts at once, by events of record mode.
func TestCorrectionAmongContradictions(t *testing.T) {
	given := []*events.Event{Developed("d", "a", 1, "2022-01-01"), Developed("e", "b", 2, "2022-01-01"),
		Hired("h1", "a", 1, 1, "2022-05-01"), Recorded(Hired("h2", "b", 1, 1, "2022-06-01"))}
	Judge(t, Cases{
		{"a day later", given, Replacing(Hired("h", "a", 1, 1, "2022-05-02"), "h1"), ""},
		{"a day earlier", given, Replacing(Hired("h", "a", 1, 1, "2022-04-30"), "h1"), ""},
		{"the other one on another seat", given, Replacing(Hired("h", "b", 1, 2, "2022-06-01"), "h2"), ""},
		{"the other one a day later", given, Replacing(Hired("h", "b", 1, 1, "2022-06-02"), "h2"), ""},
		{"the other one a day earlier", given, Replacing(Hired("h", "b", 1, 1, "2022-05-31"), "h2"), "person_placed data.person"},
	}, service(t))
}

func TestPolicy(t *testing.T) {
	posts := []*events.Event{Developed("d", "a", 2, "2019-01-01"), urban(Developed("e", "u", 2, "2019-01-01"))}
	hire := func(change func(d *events.HirePlaced)) *events.Event {
		return with(Hired("h", "a", 1, 0, "2022-06-15"), change)
	}
	day := civil.MustDate("2022-06-15")
	Judge(t, Cases{
		{"as it should be", posts, hire(func(*events.HirePlaced) {}), ""},
		{"before any pack", posts, Hired("h", "a", 1, 0, "2020-12-31"), "no_policy data.from"},
		{"before any pack, recorded", posts, Recorded(Hired("h", "a", 1, 0, "2020-12-31")), ""},
		{"a group unknown there", posts, born("1970-01", "M", "zero_employment_family", "a"), "group_unknown data.group"},
		{"a group known there", posts, born("1970-01", "M", "zero_employment_family", "u"), ""},

		{"45 next month", posts, born("1977-07", "M", "older", "a"), "age_outside data.group"},
		{"45 this month", posts, born("1977-06", "M", "older", "a"), ""},
		{"45 last month", posts, born("1977-05", "M", "older", "a"), ""},
		{"65 next month", posts, born("1957-07", "M", "older", "a"), ""},
		{"65 this month", posts, born("1957-06", "M", "older", "a"), ""},
		{"65 last month", posts, born("1957-05", "M", "older", "a"), "age_outside data.group"},
		{"a man of 50 in town", posts, born("1972-01", "M", "older", "u"), "age_outside data.group"},
		{"a woman of 50 in town", posts, born("1972-01", "F", "older", "u"), ""},
		{"a birth unknown", posts, hire(func(d *events.HirePlaced) { d.BirthMonth = 0 }), "age_outside data.group"},

		{"no term", posts, hire(func(d *events.HirePlaced) { d.Until = 0 }), "term_missing data.until"},
		{"36 months", posts, until("1972-01", "2025-06-15"), ""},
		{"36 months and a day", posts, until("1972-01", "2025-06-16"), "term_too_long data.until"},
		{"to retirement, 5 years off this month", posts, until("1967-06", "2027-07-01"), ""},
		{"beyond retirement", posts, until("1967-06", "2027-07-02"), "term_too_long data.until"},
		{"to retirement, 5 years off next month", posts, until("1967-07", "2027-07-01"), "term_too_long data.until"},
		{"past retirement", posts, until("1959-01", "2025-06-15"), ""},
		{"past retirement, longer", posts, until("1959-01", "2025-06-16"), "term_too_long data.until"},

		{"no publicity", posts, hire(func(d *events.HirePlaced) { d.Publicity = nil }), "publicity_missing data.publicity"},
		{"publicity of 3 days up to duty", posts, hire(func(d *events.HirePlaced) { d.Publicity = &events.Publicity{From: day - 3, Until: day} }), ""},
		{"publicity of 2 days", posts, hire(func(d *events.HirePlaced) { d.Publicity = &events.Publicity{From: day - 3, Until: day - 1} }), "publicity_short data.publicity"},
		{"publicity on the day", posts, hire(func(d *events.HirePlaced) { d.Publicity = &events.Publicity{From: day - 3, Until: day + 1} }), "publicity_late data.publicity.until"},
		{"no agreement", posts, hire(func(d *events.HirePlaced) { d.Agreement = nil }), "agreement_missing data.agreement"},
		{"signed on the day", posts, hire(func(d *events.HirePlaced) { d.Agreement.Signed = day }), ""},
		{"signed a day later", posts, hire(func(d *events.HirePlaced) { d.Agreement.Signed = day + 1 }), "agreement_late data.agreement.signed"},
		{"no review", posts, hire(func(d *events.HirePlaced) { d.Review = nil }), "review_missing data.review"},
		{"reviewed on the day", posts, hire(func(d *events.HirePlaced) { d.Review.On = day }), ""},
		{"reviewed a day later", posts, hire(func(d *events.HirePlaced) { d.Review.On = day + 1 }), "review_late data.review.on"},

		{"everything wrong", append(posts[:1:1], Hired("h0", "a", 1, 1, "2022-01-01")),
			hire(func(d *events.HirePlaced) {
				d.Seat, d.BirthMonth, d.Until, d.Review, d.Publicity, d.Agreement = 3, civil.MustMonth("2000-01"), 0, nil, nil, nil
			}),
			"no_such_seat data.seat, person_placed data.person, review_missing data.review, publicity_missing data.publicity, " +
				"agreement_missing data.agreement, age_outside data.group, term_missing data.until"},
		{"everything wrong, recorded", append(posts[:1:1], Hired("h0", "a", 1, 1, "2022-01-01")),
			Recorded(hire(func(d *events.HirePlaced) {
				d.Seat, d.BirthMonth, d.Until, d.Review, d.Publicity, d.Agreement = 3, civil.MustMonth("2000-01"), 0, nil, nil, nil
			})), ""},
	}, service(t))
}

func TestRenewal(t *testing.T) {
	// Person 1 is in place from May, with a term until May of the next year.
	village := []*events.Event{Developed("d", "a", 2, "2022-01-01"), Developed("e", "b", 2, "2020-01-01"), Hired("h", "a", 1, 1, "2022-05-02")}
	given := func(more ...*events.Event) []*events.Event {
		return append(village[:len(village):len(village)], more...)
	}
	Judge(t, Cases{
		{"longer", given(), Renewed("n", "a", 1, "2023-08-01"), ""},
		{"as long as it is", given(), Renewed("n", "a", 1, "2023-05-02"), "term_not_longer data.until"},
		{"as long as can be", given(), Renewed("n", "a", 1, "2025-05-02"), ""},
		{"longer than can be", given(), Renewed("n", "a", 1, "2025-05-03"), "term_too_long data.until"},
		{"longer than can be, recorded", given(), Recorded(Renewed("n", "a", 1, "2025-05-03")), ""},
		{"renewed again", given(Renewed("n1", "a", 1, "2023-08-01")), Renewed("n", "a", 1, "2023-08-01"), "term_not_longer data.until"},
		{"a renewal corrected", given(Renewed("n1", "a", 1, "2023-08-01")), Replacing(Renewed("n", "a", 1, "2023-07-01"), "n1"), ""},
		{"a renewal corrected after the exit", given(Renewed("n1", "a", 1, "2023-08-01"), Exited("x", "a", 1, "2023-06-01")), Replacing(Renewed("n", "a", 1, "2023-07-01"), "n1"), ""},
		{"a renewal withdrawn", given(Renewed("n1", "a", 1, "2023-08-01")), Withdrawn("w", events.HireRenewedType, "n1"), ""},
		{"an unknown post", given(), Recorded(Renewed("n", "c", 1, "2023-08-01")), "unknown_post data.post"},
		{"another post", given(), Renewed("n", "b", 1, "2023-08-01"), "not_in_place data.post"},
		{"another person", given(), Renewed("n", "a", 2, "2023-08-01"), "not_in_place data.post"},
		{"after the exit", given(Exited("x", "a", 1, "2023-01-01")), Renewed("n", "a", 1, "2023-08-01"), "not_in_place data.post"},
		{"before any pack", given(Recorded(with(Hired("h2", "b", 2, 1, "2020-02-01"), func(d *events.HirePlaced) { d.Until = 0 }))), Renewed("n", "b", 2, "2020-08-01"), "no_policy data.until"},
	}, service(t))
}

// A hire that names no seat gets the lowest free one. In record mode, if none is free, it gets
// the lowest of the seats with the fewest people.
func TestSeat(t *testing.T) {
	s := placement.New()
	d := New(s, Rules(t))
	command.Apply(s, Developed("d", "a", 3, "2022-05-01"))
	for i, c := range []struct {
		event *events.Event
		want  int
	}{
		{Hired("1", "a", 1, 0, "2022-05-02"), 1},
		{Hired("2", "a", 2, 3, "2022-05-02"), 3},
		{Hired("3", "a", 3, 0, "2022-05-02"), 2},
		{Recorded(Hired("4", "a", 4, 0, "2022-05-02")), 1},
		{Recorded(Hired("5", "a", 5, 0, "2022-05-02")), 2},
		{Replacing(Hired("6", "a", 2, 0, "2022-05-02"), "2"), 3},
		{Recorded(Hired("7", "a", 7, 0, "2022-04-01")), 1}, // the post has no seat yet
	} {
		record, refused := d.Decide(c.event)
		if refused != nil {
			t.Fatalf("%d: %v", i, refused)
		}
		if got := record.Data.(*events.HirePlaced).Seat; got != c.want {
			t.Errorf("%d: seat %d, want %d", i, got, c.want)
		}
		command.Apply(s, record)
	}
}

// county returns the adoption of the pack in the file for county 370211, in force from
// 2024-02-01.
func county(t *testing.T) *events.Event {
	t.Helper()
	b, err := os.ReadFile("../../events/policy/county-370211.json")
	if err != nil {
		t.Fatal(err)
	}
	pack, err := policy.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	e := Event("county", &events.PolicyAdopted{Pack: *pack})
	e.Division = "370211000000"
	return e
}

// The pack of the county decides from its first day on, and in the county alone: the pack with
// the longest jurisdiction that matches on the business date holds, in whatever order the packs
// were adopted.
func TestCountyOverrides(t *testing.T) {
	category := func(e *events.Event, code string) *events.Event {
		e.Data.(*events.PostDeveloped).Category = code
		return e
	}
	away := category(Developed("f", "c", 9, "2022-01-01"), "facility_maintenance")
	away.Data.(*events.PostDeveloped).Division, away.Division = "370212001001", "370212000000"
	posts := []*events.Event{Developed("d", "a", 9, "2022-01-01"), category(Developed("e", "b", 9, "2022-01-01"), "facility_maintenance"), away}
	hire := func(post, from, birth, group string) *events.Event {
		e := with(Hired("h", post, 1, 0, from), func(d *events.HirePlaced) {
			d.BirthMonth, d.Group, d.Publicity.From = civil.MustMonth(birth), group, d.Publicity.Until-5
		})
		if post == "c" {
			e.Division = "370212000000"
		}
		return e
	}
	short := func(e *events.Event) *events.Event {
		return with(e, func(d *events.HirePlaced) { d.Publicity.From = d.Publicity.Until - 4 })
	}
	long := func(e *events.Event) *events.Event {
		return with(e, func(d *events.HirePlaced) { d.Until = d.From.AddMonths(25) })
	}
	cases := Cases{
		{"the day before, by the province's term", posts, long(hire("a", "2024-01-31", "1970-01", "older")), ""},
		{"the first day, by the county's term", posts, long(hire("a", "2024-02-01", "1970-01", "older")), "term_too_long data.until"},
		{"the day before, by the province's publicity", posts, short(hire("a", "2024-01-31", "1970-01", "older")), ""},
		{"the first day, by the county's publicity", posts, short(hire("a", "2024-02-01", "1970-01", "older")), "publicity_short data.publicity"},
		{"a group that the county has not", posts, hire("a", "2024-02-01", "1990-01", "other"), "group_unknown data.group"},

		{"maintenance at 60, the day before", posts, hire("b", "2024-01-31", "1963-12", "older"), ""},
		{"maintenance at 60", posts, hire("b", "2024-02-01", "1963-12", "older"), "too_old_for_maintenance data"},
		{"maintenance at 60, elsewhere", posts, long(hire("c", "2024-02-01", "1963-12", "older")), ""},
		{"maintenance in the month of turning 60", posts, hire("b", "2024-02-01", "1964-02", "older"), ""},
		{"maintenance, disabled", posts, hire("b", "2024-02-01", "1963-12", "disabled"), ""},
		{"maintenance at 60, recorded", posts, Recorded(hire("b", "2024-02-01", "1963-12", "older")), ""},
		{"services at 60", posts, hire("a", "2024-02-01", "1963-12", "older"), ""},
		{"45 in 2024", posts, hire("a", "2024-12-31", "1979-12", "older"), ""},
		{"45 in 2025", posts, hire("a", "2025-01-01", "1979-12", "older"), "not_yet_50 data"},
		{"a birth unknown", posts, with(hire("b", "2025-01-01", "1979-12", "older"), func(d *events.HirePlaced) { d.BirthMonth = 0 }),
			"age_outside data.group, too_old_for_maintenance data, not_yet_50 data"},
	}
	for name, packs := range map[string][]*events.Event{
		"province first": {Adopted(t), county(t)}, "county first": {county(t), Adopted(t)},
	} {
		t.Run(name, func(t *testing.T) {
			r := rules.New()
			for _, e := range packs {
				command.Apply(r, e)
			}
			Judge(t, cases, func() (command.State, command.Decider) {
				s := placement.New()
				return s, New(s, r)
			})
		})
	}
}

// The version stamped on the record is that of the pack that decided: the one of the county
// once it is in force. The place is that of the post and not of the event.
func TestPolicyVersion(t *testing.T) {
	county := Adopted(t)
	d := county.Data.(*events.PolicyAdopted)
	county.ID, d.Version, d.Jurisdiction, d.ValidFrom = "county", "county.1", "370211", civil.MustDate("2024-02-01")
	d.Term.Months = 12
	s, r := placement.New(), Rules(t)
	command.Apply(r, county)
	command.Apply(s, Developed("d", "a", 9, "2022-05-01"))
	other := Developed("e", "b", 9, "2022-05-01")
	other.Data.(*events.PostDeveloped).Division = "370212001001"
	command.Apply(s, other)
	command.Apply(s, Hired("h", "a", 8, 0, "2023-06-01"))
	for i, c := range []struct {
		event *events.Event
		want  string
	}{
		{Hired("1", "a", 1, 0, "2024-01-31"), "shandong-2022.1"},
		{Hired("2", "a", 2, 0, "2024-02-01"), "county.1"},
		{func() *events.Event { e := Hired("3", "b", 3, 0, "2024-02-01"); e.Division = "370200000000"; return e }(), "shandong-2022.1"},
		{Recorded(Hired("4", "a", 4, 0, "2024-02-01")), ""},
	} {
		record, refused := New(s, r).Decide(c.event)
		if refused != nil {
			t.Fatalf("%d: %v", i, refused)
		}
		if record.PolicyVersion != c.want {
			t.Errorf("%d: decided by %q, want %q", i, record.PolicyVersion, c.want)
		}
	}
	// The days that the renewal adds begin under the pack of the county, which allows
	// a term of one year in all.
	if _, refused := New(s, r).Decide(Renewed("n", "a", 8, "2024-08-01")); Answer(refused) != "term_too_long data.until" {
		t.Errorf("renewal: %v", refused)
	}
}
