package hire

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/command"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// heldBy says that the new number led to another person before.
func heldBy(e *events.Event, person int) *events.Event {
	e.Data.(*events.PersonIdentified).HeldBy = Person(person)
	return e
}

// renamed returns a change of name.
func renamed(id string, person int, on string) *events.Event {
	e := Identified(id, person, events.Renamed, on, "1970-01")
	d := e.Data.(*events.PersonIdentified)
	d.Identity.NameToken, d.Sex, d.BirthMonth = "6af1", "", 0
	return e
}

func TestIdentities(t *testing.T) {
	left := Exited("y", "a", 1, "2022-06-01")
	number := Identified("i", 1, events.Mistyped, "2022-06-10", "1971-01")
	Judge(t, Cases{
		{"mistyped", on(), Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"), ""},
		{"changed", on(), Identified("x", 1, events.Changed, "2022-06-10", "1971-01"), ""},
		{"renamed", on(), renamed("x", 1, "2022-06-10"), ""},
		{"by an agency of another county", on(), elsewhere(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01")), "division_outside division"},
		{"by an agency of another county, recorded", on(), Recorded(elsewhere(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"))), "division_outside division"},
		{"somebody on no post", on(), Identified("x", 2, events.Mistyped, "2022-06-10", "1971-01"), "not_in_place data.person"},
		{"somebody on no post, recorded", on(), Recorded(Identified("x", 2, events.Mistyped, "2022-06-10", "1971-01")), ""},
		{"a year after the exit", on(left), Identified("x", 1, events.Changed, "2023-05-31", "1971-01"), ""},
		{"more than a year after the exit", on(left), Identified("x", 1, events.Changed, "2023-06-01", "1971-01"), "not_in_place data.person"},
		{"long after the exit, recorded", on(left), Recorded(Identified("x", 1, events.Changed, "2025-06-01", "1971-01")), ""},
		{"long after the exit, recorded by an agency of another county", on(left), Recorded(elsewhere(Identified("x", 1, events.Changed, "2025-06-01", "1971-01"))), "division_outside division"},

		{"the number twice from one day", on(number), Identified("x", 1, events.Changed, "2022-06-10", "1972-01"), "change_exists data.on"},
		{"the number twice from one day, recorded", on(number), Recorded(Identified("x", 1, events.Changed, "2022-06-10", "1972-01")), ""},
		{"the number again later", on(number), Identified("x", 1, events.Mistyped, "2022-06-11", "1972-01"), ""},
		{"the number and the name from one day", on(number), renamed("x", 1, "2022-06-10"), ""},
		{"the name twice from one day", on(renamed("n", 1, "2022-06-10")), renamed("x", 1, "2022-06-10"), "change_exists data.on"},
		{"the name corrected", on(renamed("n", 1, "2022-06-10")), Replacing(renamed("x", 1, "2022-06-10"), "n"), ""},
		{"withdrawn", on(number), Withdrawn("x", events.PersonIdentifiedType, "i"), ""},

		{"the number of somebody who is in place", on(), heldBy(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"), 8), "identity_taken data.identity.id_number"},
		{"the number of somebody who is in place, recorded", on(), Recorded(heldBy(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"), 8)), "identity_taken data.identity.id_number"},
		{"the number of somebody whose hire was withdrawn", on(Withdrawn("w", events.HirePlacedType, "h8")), heldBy(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"), 8), ""},
		{"the number of somebody who has left", on(Exited("y", "b", 8, "2022-06-01")), heldBy(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"), 8), "identity_taken data.identity.id_number"},

		{"a renewal until an age that the corrected number forbids", on(Identified("i", 1, events.Mistyped, "2022-06-10", "1957-07")), Renewed("x", "a", 1, "2023-08-01"), "age_outside data.until"},
	}, service(t))
}

// Goal: the record has the day, and the posts whose figures follow the new number.
func TestIdentityRecord(t *testing.T) {
	state, decider := service(t)()
	for _, e := range on(Exited("y", "a", 1, "2022-06-01"), Hired("h2", "b", 1, 2, "2022-07-01")) {
		command.Apply(state, e)
	}
	e := Identified("x", 1, events.Mistyped, "2022-07-10", "1971-01")
	e.Data.(*events.PersonIdentified).On, e.DecidedOn = 0, civil.MustDate("2022-07-12")
	record, refused := decider.Decide(e)
	if refused != nil {
		t.Fatal(refused)
	}
	if d := record.Data.(*events.PersonIdentified); d.On != e.DecidedOn || strings.Join(d.Posts, " ") != "a b" {
		t.Errorf("recorded from %s on posts %v", d.On, d.Posts)
	}
}

// Goal: the refusal names the events of the other person, but not a hundred of them.
func TestIdentityTakenNames(t *testing.T) {
	state, decider := service(t)()
	given := on(Exited("y", "b", 8, "2022-05-02"))
	for i := range 6 {
		given = append(given, Hired("again"+string(rune('0'+i)), "b", 8, 1, civil.MustDate("2022-05-03").AddMonths(i).String()))
	}
	for _, e := range given {
		command.Apply(state, e)
	}
	_, refused := decider.Decide(heldBy(Identified("x", 1, events.Mistyped, "2022-06-10", "1971-01"), 8))
	if got := Answer(refused); got != "identity_taken data.identity.id_number" {
		t.Fatal(got)
	}
	for _, want := range []string{command.Cite(uint32(len(given))).EN, command.Cite(uint32(len(given) - 4)).EN, "and 3 more"} {
		if !strings.Contains(refused[0].Detail, want) {
			t.Errorf("%q does not name %q", refused[0].Detail, want)
		}
	}
	if strings.Contains(refused[0].Detail, command.Cite(4).EN) || !strings.Contains(refused[0].DetailZH, "另有3个事件") {
		t.Errorf("%q", refused[0])
	}
}
