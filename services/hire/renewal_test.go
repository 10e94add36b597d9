package hire

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"github.com/muster-works/muster/services/internal/rules"
)

// changed returns a service under the reference pack with a change.
func changed(t *testing.T, change func(*policy.Pack)) func() (command.State, command.Decider) {
	adopted := Adopted(t)
	change(&adopted.Data.(*events.PolicyAdopted).Pack)
	r := rules.New()
	command.Apply(r, adopted)
	return func() (command.State, command.Decider) {
		s := placement.New()
		return s, New(s, r)
	}
}

// Goal: a renewal stops where the person becomes too old for every group of the area.
// Method: renewals of people who turn 65, 60 and 55 in the renewed term.
func TestRenewalAge(t *testing.T) {
	posts := []*events.Event{Developed("d", "a", 2, "2019-01-01"), urban(Developed("e", "u", 2, "2019-01-01"))}
	given := func(hire *events.Event) []*events.Event { return append(posts[:2:2], hire) }
	Judge(t, Cases{
		{"65 in the last month of the term", given(born("1959-06", "M", "older", "a")), Renewed("n", "a", 1, "2024-07-01"), ""},
		{"beyond 65", given(born("1959-06", "M", "older", "a")), Renewed("n", "a", 1, "2024-07-02"), "age_outside data.until"},
		{"a man in town beyond 60", given(born("1964-05", "M", "other", "u")), Renewed("n", "u", 1, "2024-06-02"), "age_outside data.until"},
		{"a woman in town beyond 55", given(born("1969-05", "F", "other", "u")), Renewed("n", "u", 1, "2024-06-02"), "age_outside data.until"},
		{"a woman in town until 55", given(born("1969-05", "F", "other", "u")), Renewed("n", "u", 1, "2024-06-01"), ""},
		{"beyond 65, recorded", given(born("1959-06", "M", "older", "a")), Recorded(Renewed("n", "a", 1, "2024-07-02")), ""},
	}, service(t))
}

// Goal: where the retirement ages rise, so do the limits of groups and the terms that last
// until retirement.
// Method: a man born in 1967-06, who retires eight months after his birthday of 60.
func TestRisingRetirement(t *testing.T) {
	posts := []*events.Event{Developed("d", "a", 2, "2019-01-01"), urban(Developed("e", "u", 2, "2019-01-01"))}
	hire := func(post, from, until string) *events.Event {
		return with(Hired("h", post, 1, 0, from), func(d *events.HirePlaced) {
			d.BirthMonth, d.Group, d.Until = civil.MustMonth("1967-06"), "other", civil.MustDate(until)
		})
	}
	Judge(t, Cases{
		{"until retirement", posts, hire("a", "2025-03-01", "2028-03-01"), ""},
		{"beyond retirement", posts, hire("a", "2024-03-01", "2028-03-02"), "term_too_long data.until"},
		{"within five years of it", posts, hire("a", "2023-02-01", "2028-03-01"), ""},
		{"five years and a month before it", posts, hire("a", "2023-01-31", "2028-03-01"), "term_too_long data.until"},
		{"60, and not yet retired", posts, hire("u", "2028-02-20", "2028-03-01"), ""},
		{"retired", posts, hire("u", "2028-03-01", "2028-04-01"), "age_outside data.group"},
	}, changed(t, func(p *policy.Pack) {
		p.RetirementRises = []policy.RetirementRise{{Sex: "M", Age: 60, BornFrom: civil.MustMonth("1965-01"), EveryMonths: 4, MostMonths: 36}}
	}))
}

// Goal: a pack can say that nobody is placed a third time, nor for more than 72 months.
// Method: the pack has a condition on each, and the second decides renewals, too.
func TestHistoryLimits(t *testing.T) {
	stint := func(id, from, until string) []*events.Event {
		return []*events.Event{Hired("h"+id, "a", 1, 1, from), Exited("x"+id, "a", 1, until)}
	}
	given := func(stints ...[]*events.Event) (all []*events.Event) {
		all = append(all, Developed("d", "a", 2, "2010-01-01"))
		for _, s := range stints {
			all = append(all, s...)
		}
		return all
	}
	long := func(e *events.Event, until string) *events.Event {
		return with(e, func(d *events.HirePlaced) { d.Until = civil.MustDate(until) })
	}
	first, second := stint("1", "2015-03-01", "2018-03-01"), stint("2", "2018-03-01", "2021-03-01")
	Judge(t, Cases{
		{"the second placement", given(first), long(Hired("h", "a", 1, 1, "2022-05-02"), "2025-05-02"), ""},
		{"the third placement", given(first, second), long(Hired("h", "a", 1, 1, "2022-05-02"), "2022-06-02"), "placed_twice data, too_many_months data"},
		{"the third placement, recorded", given(first, second), Recorded(Hired("h", "a", 1, 1, "2022-05-02")), ""},
		{"the second placement corrected", given(first, stint("2", "2021-05-02", "2021-09-02")), Replacing(Hired("h", "a", 1, 1, "2021-05-09"), "h2"), ""},
		{"a renewal within 72 months", given(first, []*events.Event{Hired("h2", "a", 1, 1, "2022-05-02")}), Renewed("n", "a", 1, "2025-05-02"), ""},
		{"a renewal beyond 72 months", given(stint("1", "2015-03-01", "2018-04-01"), []*events.Event{Hired("h2", "a", 1, 1, "2022-05-02")}),
			Renewed("n", "a", 1, "2025-05-02"), "too_many_months data"},
		{"after a dismissal", given([]*events.Event{Hired("h1", "a", 1, 1, "2021-05-02"), dismissed("x1", "2021-06-02")}), Hired("h", "a", 1, 1, "2022-05-02"), "dismissed data"},
	}, changed(t, func(p *policy.Pack) {
		p.Eligibility = []policy.Condition{
			{Code: "placed_twice", When: "history.placements < 2", Detail: "was placed twice before"},
			{Code: "too_many_months", When: "history.months + hire.months <= 72", Detail: "would be in place for more than 72 months", Renewals: true},
			{Code: "dismissed", When: "!history.last_exit_code.startsWith('D')", Detail: "was dismissed"},
		}
	}))
}

// dismissed returns the exit of person 1 from post a for false documents.
func dismissed(id, on string) *events.Event {
	e := Exited(id, "a", 1, on)
	d := e.Data.(*events.ExitRecorded)
	d.Kind, d.Code = "dismissal", "D4"
	return e
}
