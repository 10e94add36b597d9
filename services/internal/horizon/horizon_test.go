package horizon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/horizon"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
	"github.com/muster-works/muster/services/internal/rules"
)

// accepting accepts every event.
type accepting struct{}

func (accepting) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }

// today is the day of all decisions.
var today = civil.MustDate("2026-11-30")

// decider returns a decider over post a, in a county whose pack says 30 days, and post b in
// another county.
func decider(t *testing.T) *horizon.Decider {
	t.Helper()
	packs, posts := rules.New(), placement.New()
	county := Adopted(t)
	county.ID = "county"
	d := county.Data.(*events.PolicyAdopted)
	d.Version, d.Jurisdiction, d.AheadDays = "county", "370211", 30
	command.Apply(packs, Adopted(t))
	command.Apply(packs, county)
	elsewhere := Developed("e", "b", 2, "2022-01-01")
	elsewhere.Data.(*events.PostDeveloped).Division, elsewhere.Division = "370212001001", "370212000000"
	command.Apply(posts, Developed("d", "a", 2, "2022-01-01"))
	command.Apply(posts, elsewhere)
	return horizon.NewDecider(accepting{}, posts, packs)
}

func day(s string) civil.Date { return civil.MustDate(s) }

// sheet returns a sheet of a month or of a day, with one line for each text of marks.
func sheet(at string, marks ...string) *events.AttendanceReported {
	d := &events.AttendanceReported{Post: "a"}
	if len(at) == len("2026-11") {
		d.Month = civil.MustMonth(at)
	} else {
		d.Date = day(at)
	}
	for _, m := range marks {
		if d.Date != 0 {
			d.Lines = append(d.Lines, events.AttendanceLine{Mark: m})
		} else {
			d.Lines = append(d.Lines, events.AttendanceLine{Marks: m})
		}
	}
	return d
}

// Goal: a day that has not come is refused where it says what happened, and a planned day where
// it lies farther ahead than the pack says.
// Method: each kind of day at the last day that is allowed and a day later, in both modes.
func TestInFuture(t *testing.T) {
	full := strings.Repeat("P", 29)
	back := func(on string) []events.ReturnedLine {
		return []events.ReturnedLine{{Line: "1", On: day("2026-11-01")}, {Line: "2", On: day(on)}}
	}
	from := func(registry, from string) *events.RegistryReported {
		return &events.RegistryReported{Registry: registry, Lines: []events.RegistryLine{{From: day(from), Until: day("2190-01-01")}}}
	}
	for _, c := range []struct {
		name string
		data events.Data
		want string // the field that is refused
	}{
		{"a sheet up to today", sheet("2026-11", full+"P"), ""},
		{"a sheet of the next month, tomorrow", sheet("2026-12", "H"), ""},
		{"a sheet of the next month, the day after", sheet("2026-12", ".A"), "data.lines[0].marks"},
		{"leave and rest to come", sheet("2026-12", "PLLL...---"), ""},
		{"a substitute to come in one line of three", sheet("2026-12", "-", ".....S", "P"), "data.lines[1].marks"},
		{"presence of half a year ahead", sheet("2027-05", full), "data.lines[0].marks"},
		{"a day, tomorrow", sheet("2026-12-01", "P"), ""},
		{"a day, the day after", sheet("2026-12-02", "P"), "data.lines[0].mark"},
		{"leave on a day to come", sheet("2026-12-24", "L", "."), ""},

		{"paid today", &events.PaymentSettled{PaidOn: today}, ""},
		{"paid tomorrow", &events.PaymentSettled{PaidOn: today + 1}, "data.paid_on"},
		{"returned tomorrow", &events.PaymentReturned{Lines: back("2026-12-01")}, "data.lines[1].on"},
		{"reversed today", &events.PaymentReversed{Lines: back("2026-11-30")}, ""},
		{"reversed tomorrow", &events.PaymentReversed{Lines: back("2026-12-01")}, "data.lines[1].on"},
		{"trained today", &events.TrainingCompleted{On: today}, ""},
		{"trained tomorrow", &events.TrainingCompleted{On: today + 1}, "data.on"},
		{"died today", from("death", "2026-11-30"), ""},
		{"died tomorrow", from("death", "2026-12-01"), "data.lines[0].from"},
		{"in custody from tomorrow on", from("custody", "2026-12-01"), "data.lines[0].from"},
		{"a pension from next year on", from("pension", "2027-06-01"), ""},

		{"an exit in 30 days", &events.ExitRecorded{Post: "a", On: today + 30}, ""},
		{"an exit in 31 days", &events.ExitRecorded{Post: "a", On: today + 31}, "data.on"},
		{"an exit in 170 years", &events.ExitRecorded{Post: "b", On: day("2196-10-05")}, "data.on"},
		{"elsewhere an exit in 92 days", &events.ExitRecorded{Post: "b", On: today + 92}, ""},
		{"elsewhere an exit in 93 days", &events.ExitRecorded{Post: "b", On: today + 93}, "data.on"},
		{"a hire in 36 years", &events.HirePlaced{Post: "a", From: day("2062-09-01")}, "data.from"},
		{"a hire for long", &events.HirePlaced{Post: "a", From: today, Until: day("2031-01-01")}, ""},
		{"seats from next year on", &events.PostResized{Post: "b", From: today + 93}, "data.from"},
		{"a closing next year", &events.PostClosed{Post: "a", On: today + 31}, "data.on"},
		{"on a post that nobody knows", &events.ExitRecorded{Post: "c", On: today + 31}, "data.on"},

		{"a renewal for long", &events.HireRenewed{Post: "a", Until: day("2031-01-01")}, ""},
		{"a post of next year", &events.PostDeveloped{Post: "n", From: day("2027-09-01"), Until: day("2037-01-01")}, ""},
		{"a plan of next year", &events.PlanSet{Year: 2030}, ""},
		{"money of next year", &events.FundAllocated{Year: 2030}, ""},
		{"a withdrawal", &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "x"}, ""},
	} {
		for _, mode := range []events.Mode{events.ModeDecide, events.ModeRecord} {
			t.Run(c.name+", "+string(mode), func(t *testing.T) {
				e := Event("e", c.data)
				e.Submode, e.DecidedOn = mode, today
				_, refused := decider(t).Decide(e)
				got := ""
				for _, r := range refused {
					got += r.Field
					if r.Code != horizon.InFuture || !strings.Contains(r.Detail, "2026-11-30") || !strings.Contains(r.DetailZH, "2026-11-30") {
						t.Errorf("%+v", r)
					}
				}
				if got != c.want {
					t.Errorf("refused %q, want %q", got, c.want)
				}
			})
		}
	}
}

// Goal: an event without a day of decision is not compared, and a long sheet gets an answer of
// bounded size.
// Method: one of each.
func TestWithoutDayAndManyLines(t *testing.T) {
	e := Event("e", &events.ExitRecorded{Post: "a", On: day("2196-10-05")})
	if _, refused := decider(t).Decide(e); refused != nil {
		t.Errorf("without a day: %v", refused)
	}
	many := sheet("2027-05")
	for range 1000 {
		many.Lines = append(many.Lines, events.AttendanceLine{Marks: "P"})
	}
	e = Event("e", many)
	e.DecidedOn = today
	if _, refused := decider(t).Decide(e); len(refused) != 20 {
		t.Errorf("%d reasons, want 20", len(refused))
	}
}

// An exit typed a hundred and seventy years too late.
func ExampleDecider() {
	e := &events.Event{Type: events.ExitRecordedType, Data: &events.ExitRecorded{On: civil.MustDate("2196-10-05")}, DecidedOn: civil.MustDate("2026-11-30")}
	_, refused := horizon.NewDecider(accepting{}, nil, nil).Decide(e)
	fmt.Println(refused)
	// Output: data.on: is 2196-10-05, more than 92 days after today, 2026-11-30: the policy pack lets offices plan so far ahead; correct the year, or send the event nearer to the day (in_future)
}
