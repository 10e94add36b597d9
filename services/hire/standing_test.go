package hire

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// Post a has one seat, with person 1 on it from May. Post b has two, with person 8 on the first.
var ward = []*events.Event{
	Developed("d", "a", 1, "2022-01-01"), Developed("e", "b", 2, "2022-01-01"), Hired("h", "a", 1, 1, "2022-05-01"), Hired("h8", "b", 8, 1, "2022-05-01"),
}

// on returns ward and what happened after it.
func on(more ...*events.Event) []*events.Event { return slices.Concat(ward, more) }

func TestSuspensions(t *testing.T) {
	open, month := Suspended("s", "a", 1, "2022-06-01", ""), Suspended("s", "a", 1, "2022-06-01", "2022-07-01")
	Judge(t, Cases{
		{"open", on(), Suspended("x", "a", 1, "2022-06-01", ""), ""},
		{"from the on-duty day on", on(), Suspended("x", "a", 1, "2022-05-01", ""), ""},
		{"before the on-duty day", on(), Suspended("x", "a", 1, "2022-04-30", ""), "not_in_place data.from"},
		{"before the on-duty day, recorded", on(), Recorded(Suspended("x", "a", 1, "2022-04-30", "")), ""},
		{"an unknown post, recorded", on(), Recorded(Suspended("x", "c", 1, "2022-06-01", "")), "unknown_post data.post"},
		{"a post of another county, recorded", on(), Recorded(elsewhere(Suspended("x", "a", 1, "2022-06-01", ""))), "division_outside division"},
		{"another post", on(), Suspended("x", "b", 1, "2022-06-01", ""), "not_in_place data.from"},
		{"on the day of the exit", on(Exited("y", "a", 1, "2022-06-01")), Suspended("x", "a", 1, "2022-06-01", ""), "not_in_place data.from"},
		{"the day before the exit", on(Exited("y", "a", 1, "2022-06-01")), Suspended("x", "a", 1, "2022-05-31", ""), ""},
		{"twice", on(open), Suspended("x", "a", 1, "2022-06-10", ""), "already_suspended data.from"},
		{"into the next one", on(open), Suspended("x", "a", 1, "2022-05-20", ""), "already_suspended data.from"},
		{"until the next one", on(open), Suspended("x", "a", 1, "2022-05-20", "2022-06-01"), ""},
		{"again after its end", on(month), Suspended("x", "a", 1, "2022-07-01", ""), ""},
		{"again on its last day", on(month), Suspended("x", "a", 1, "2022-06-30", ""), "already_suspended data.from"},
		{"again after the resumption", on(open, Resumed("r", "a", 1, "2022-06-15")), Suspended("x", "a", 1, "2022-06-15", ""), ""},
		{"in the second stint", on(open, Exited("y", "a", 1, "2022-06-10"), Hired("h2", "a", 1, 1, "2022-06-20")), Suspended("x", "a", 1, "2022-06-20", ""), ""},
		{"corrected", on(open), Replacing(Suspended("x", "a", 1, "2022-05-20", "2022-06-20"), "s"), ""},

		{"resumed", on(open), Resumed("x", "a", 1, "2022-06-15"), ""},
		{"resumed on the first day", on(open), Resumed("x", "a", 1, "2022-06-01"), ""},
		{"resumed before it", on(open), Resumed("x", "a", 1, "2022-05-31"), "not_suspended data.on"},
		{"resumed before it, recorded", on(open), Recorded(Resumed("x", "a", 1, "2022-05-31")), ""},
		{"resumed without it", on(), Resumed("x", "a", 1, "2022-06-15"), "not_suspended data.on"},
		{"resumed before the end that it names", on(month), Resumed("x", "a", 1, "2022-06-15"), ""},
		{"resumed on the day that it names", on(month), Resumed("x", "a", 1, "2022-07-01"), "not_suspended data.on"},
		{"resumed twice", on(open, Resumed("r", "a", 1, "2022-06-15")), Resumed("x", "a", 1, "2022-06-20"), "not_suspended data.on"},
		{"resumed earlier than said", on(open, Resumed("r", "a", 1, "2022-06-15")), Resumed("x", "a", 1, "2022-06-10"), "already_resumed data.on"},
		{"a resumption corrected", on(open, Resumed("r", "a", 1, "2022-06-15")), Replacing(Resumed("x", "a", 1, "2022-06-20"), "r"), ""},
		{"resumed after the exit", on(open, Exited("y", "a", 1, "2022-06-10")), Resumed("x", "a", 1, "2022-06-15"), "not_in_place data.on"},
		{"resumed elsewhere", on(open), Resumed("x", "b", 1, "2022-06-15"), "not_in_place data.on"},
		{"resumed in an unknown post", on(open), Recorded(Resumed("x", "c", 1, "2022-06-15")), "unknown_post data.post"},

		{"in place elsewhere while suspended", on(open), Hired("x", "b", 1, 2, "2022-06-10"), "person_placed data.person"},
		{"the term runs on", on(open), Renewed("x", "a", 1, "2023-08-01"), ""},
		{"the hire corrected to after the suspension began", on(open), Replacing(Hired("x", "a", 1, 1, "2022-06-02"), "h"), "has_suspension replaces"},
		{"the hire corrected to before the suspension began", on(open), Replacing(Hired("x", "a", 1, 1, "2022-06-01"), "h"), ""},
		{"the hire withdrawn", on(open), Withdrawn("x", events.HirePlacedType, "h"), "has_suspension data.id"},
		{"the suspension withdrawn", on(open), Withdrawn("x", events.HireSuspendedType, "s"), ""},
	}, service(t))
}

func TestStandIns(t *testing.T) {
	open, month := Suspended("s", "a", 1, "2022-06-01", ""), Suspended("s", "a", 1, "2022-06-01", "2022-07-01")
	standIn := StandingIn(Hired("w", "a", 2, 1, "2022-06-05"), 1)
	short := with(StandingIn(Hired("w", "a", 2, 1, "2022-06-05"), 1), func(d *events.HirePlaced) { d.Until = civil.MustDate("2022-07-01") })
	until := func(day string) *events.Event {
		return with(StandingIn(Hired("x", "a", 3, 0, "2022-06-05"), 1), func(d *events.HirePlaced) { d.Until = civil.MustDate(day) })
	}
	Judge(t, Cases{
		{"on the seat of the suspended person", on(open), StandingIn(Hired("x", "a", 2, 1, "2022-06-05"), 1), ""},
		{"the seat left out", on(open), StandingIn(Hired("x", "a", 2, 0, "2022-06-05"), 1), ""},
		{"on another seat", on(Suspended("s", "b", 8, "2022-06-01", "")), StandingIn(Hired("x", "b", 2, 2, "2022-06-05"), 8), "other_seat data.seat"},
		{"the seat left out, another one free", on(Suspended("s", "b", 8, "2022-06-01", "")), StandingIn(Hired("x", "b", 2, 0, "2022-06-05"), 8), ""},
		{"nobody is suspended", on(), StandingIn(Hired("x", "a", 2, 1, "2022-06-05"), 1), "not_suspended data.standing_in_for, seat_taken data.seat"},
		{"nobody is suspended, recorded", on(), Recorded(StandingIn(Hired("x", "a", 2, 1, "2022-06-05"), 1)), ""},
		{"before the suspension", on(open), StandingIn(Hired("x", "a", 2, 1, "2022-05-31"), 1), "not_suspended data.standing_in_for, seat_taken data.seat"},
		{"for somebody on another post", on(open), StandingIn(Hired("x", "b", 2, 2, "2022-06-05"), 1), "not_suspended data.standing_in_for"},
		{"for oneself", on(open), StandingIn(Hired("x", "a", 1, 1, "2022-06-05"), 1), "person_placed data.person"},
		{"a hire that does not stand in", on(open), Hired("x", "a", 2, 1, "2022-06-05"), "seat_taken data.seat"},
		{"a hire that names no seat and does not stand in", on(open), Hired("x", "a", 2, 0, "2022-06-05"), "no_free_seat data.post"},
		{"a second stand-in", on(open, standIn), StandingIn(Hired("x", "a", 3, 1, "2022-06-10"), 1), "seat_taken data.seat"},
		{"a second stand-in after the first", on(open, standIn, Exited("y", "a", 2, "2022-06-10")), StandingIn(Hired("x", "a", 3, 1, "2022-06-10"), 1), ""},
		{"too young for the group", on(open), with(StandingIn(Hired("x", "a", 2, 1, "2022-06-05"), 1), func(d *events.HirePlaced) { d.BirthMonth = civil.MustMonth("2000-01") }), "age_outside data.group"},

		{"beyond the end that the suspension names", on(month), until("2022-07-02"), "seat_taken data.seat"},
		{"until the end that the suspension names", on(month), until("2022-07-01"), ""},
		{"renewed beyond that end", on(month, short), Renewed("x", "a", 2, "2022-08-01"), "seat_taken data.until"},
		{"renewed in an open suspension", on(open, standIn), Renewed("x", "a", 2, "2023-08-01"), ""},
		{"the suspension is shortened", on(month, short), Replacing(Suspended("x", "a", 1, "2022-06-01", "2022-06-20"), "s"), "seat_taken data.from"},
		{"the suspension is longer", on(month, short), Replacing(Suspended("x", "a", 1, "2022-06-01", "2022-08-01"), "s"), ""},

		{"resumed while the stand-in is there", on(open, standIn), Resumed("x", "a", 1, "2022-06-20"), "seat_taken data.on"},
		{"resumed when the term of the stand-in is over, who is there", on(open, short), Resumed("x", "a", 1, "2022-07-10"), "seat_taken data.on"},
		{"resumed while the stand-in is there, recorded", on(open, standIn), Recorded(Resumed("x", "a", 1, "2022-06-20")), ""},
		{"resumed on the day of the exit of the stand-in", on(open, standIn, Exited("y", "a", 2, "2022-06-20")), Resumed("x", "a", 1, "2022-06-20"), ""},
		{"resumed the day before", on(open, standIn, Exited("y", "a", 2, "2022-06-20")), Resumed("x", "a", 1, "2022-06-19"), "seat_taken data.on"},
		{"the suspension withdrawn", on(open, standIn), Withdrawn("x", events.HireSuspendedType, "s"), "seat_taken data.id"},
		{"the suspension begins later", on(open, standIn), Replacing(Suspended("x", "a", 1, "2022-06-10", ""), "s"), "seat_taken data.from"},
		{"the suspension begins earlier", on(open, standIn), Replacing(Suspended("x", "a", 1, "2022-05-20", ""), "s"), ""},
		{"the stand-in corrected to begin before the suspension", on(open, standIn), Replacing(StandingIn(Hired("x", "a", 2, 1, "2022-05-20"), 1), "w"), "not_suspended data.standing_in_for, seat_taken data.seat"},
		{"the stand-in corrected to be none", on(open, standIn), Replacing(Hired("x", "a", 2, 1, "2022-06-05"), "w"), "seat_taken data.seat"},

		{"the stand-in is suspended, and another comes", on(open, standIn, Suspended("s2", "a", 2, "2022-06-10", "")), StandingIn(Hired("x", "a", 3, 1, "2022-06-12"), 2), ""},
		{"the stand-in is resumed while the other is there", on(open, standIn, Suspended("s2", "a", 2, "2022-06-10", ""), StandingIn(Hired("w3", "a", 3, 1, "2022-06-12"), 2)),
			Resumed("x", "a", 2, "2022-06-20"), "seat_taken data.on"},
		{"the suspended person has left: the seat is the stand-in's", on(open, standIn, Exited("y", "a", 1, "2022-06-20")), Hired("x", "a", 3, 1, "2022-06-20"), "seat_taken data.seat"},
		{"the stand-in has left: the seat is still held", on(open, standIn, Exited("y", "a", 2, "2022-06-20")), Hired("x", "a", 3, 1, "2022-06-20"), "seat_taken data.seat"},
		{"both have left", on(open, standIn, Exited("y", "a", 2, "2022-06-20"), Exited("z", "a", 1, "2022-06-20")), Hired("x", "a", 3, 1, "2022-06-20"), ""},
	}, service(t))
}

// Goal: a resumption that the stand-in is in the way of names the stand-in. Method: the
// pseudonym is in both sentences.
func TestResumptionNamesTheStandIn(t *testing.T) {
	state, d := service(t)()
	for _, e := range on(Suspended("s", "a", 1, "2022-06-01", ""), StandingIn(Hired("w", "a", 2, 1, "2022-06-05"), 1)) {
		command.Apply(state, e)
	}
	_, refused := d.Decide(Resumed("x", "a", 1, "2022-06-20"))
	if who := Person(2).String(); len(refused) != 1 || !strings.Contains(refused[0].Detail, who) || !strings.Contains(refused[0].DetailZH, who) {
		t.Errorf("%+v", refused)
	}
}

// A hire that stands in and names no seat gets that of the suspended person, also in record
// mode. In record mode it gets a free seat if that person is not on the post.
func TestSeatOfStandIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []*events.Event
		event *events.Event
		want  int
	}{
		{"decided", on(Hired("h9", "b", 9, 2, "2022-05-01"), Suspended("s", "b", 9, "2022-06-01", "")), StandingIn(Hired("x", "b", 2, 0, "2022-06-05"), 9), 2},
		{"recorded", on(Hired("h9", "b", 9, 2, "2022-05-01")), Recorded(StandingIn(Hired("x", "b", 2, 0, "2022-06-05"), 9)), 2},
		{"recorded, nobody there", on(), Recorded(StandingIn(Hired("x", "b", 2, 0, "2022-06-05"), 9)), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := placement.New()
			for _, e := range c.given {
				command.Apply(s, e)
			}
			record, refused := New(s, Rules(t)).Decide(c.event)
			if refused != nil || record.Data.(*events.HirePlaced).Seat != c.want {
				t.Errorf("%+v, %v, want seat %d", record, refused, c.want)
			}
		})
	}
}

func TestChangeOfGroup(t *testing.T) {
	Judge(t, Cases{
		{"another group", on(), Regrouped("x", "a", 1, "2022-07-01", "disabled"), ""},
		{"on the on-duty day", on(), Regrouped("x", "a", 1, "2022-05-01", "disabled"), ""},
		{"before the on-duty day", on(), Regrouped("x", "a", 1, "2022-04-30", "disabled"), "not_in_place data.on"},
		{"before the on-duty day, recorded", on(), Recorded(Regrouped("x", "a", 1, "2022-04-30", "disabled")), ""},
		{"after the exit", on(Exited("y", "a", 1, "2022-06-01")), Regrouped("x", "a", 1, "2022-07-01", "disabled"), "not_in_place data.on"},
		{"a group that the area has not", on(), Regrouped("x", "a", 1, "2022-07-01", "zero_employment_family"), "group_unknown data.group"},
		{"a group that the area has not, recorded", on(), Recorded(Regrouped("x", "a", 1, "2022-07-01", "zero_employment_family")), ""},
		{"twice for one day", on(Regrouped("c", "a", 1, "2022-07-01", "disabled")), Regrouped("x", "a", 1, "2022-07-01", "low_income"), "change_exists data.on"},
		{"corrected", on(Regrouped("c", "a", 1, "2022-07-01", "disabled")), Replacing(Regrouped("x", "a", 1, "2022-07-01", "low_income"), "c"), ""},
		{"withdrawn", on(Regrouped("c", "a", 1, "2022-07-01", "disabled")), Withdrawn("x", events.HireChangedType, "c"), ""},
		{"an unknown post", on(), Recorded(Regrouped("x", "c", 1, "2022-07-01", "disabled")), "unknown_post data.post"},
		{"a post of another county", on(), Recorded(elsewhere(Regrouped("x", "a", 1, "2022-07-01", "disabled"))), "division_outside division"},
	}, service(t))
	young := []*events.Event{Developed("d", "a", 1, "2019-01-01"), with(Hired("h", "a", 1, 1, "2020-05-01"), func(d *events.HirePlaced) { d.BirthMonth, d.Group = civil.MustMonth("1977-06"), "other" })}
	Judge(t, Cases{
		{"45 next month", young, Regrouped("x", "a", 1, "2022-05-31", "older"), "age_outside data.group"},
		{"45 this month", young, Regrouped("x", "a", 1, "2022-06-01", "older"), ""},
		{"before any pack", young, Regrouped("x", "a", 1, "2020-06-01", "older"), "no_policy data.on"},
	}, service(t))
}

// Goal: a renewal is decided by the group that the person has then. Method: the pack has an age
// limit of 50 for one group alone.
func TestRenewalByGroup(t *testing.T) {
	given := []*events.Event{Developed("d", "a", 1, "2019-01-01"), with(Hired("h", "a", 1, 1, "2022-05-01"), func(d *events.HirePlaced) { d.BirthMonth, d.Group = civil.MustMonth("1974-01"), "other" })}
	Judge(t, Cases{
		{"in the group of the hire", given, Renewed("x", "a", 1, "2024-02-02"), "age_outside data.until"},
		{"in another group since", append(given[:2:2], Regrouped("c", "a", 1, "2022-07-01", "older")), Renewed("x", "a", 1, "2024-02-02"), ""},
	}, changed(t, func(p *policy.Pack) {
		for i := range p.Groups {
			if g := &p.Groups[i]; g.Area == "rural" && g.Code == "other" {
				g.Male.Until = 50
			}
		}
	}))
}
