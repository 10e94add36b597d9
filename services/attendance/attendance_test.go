package attendance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
)

const village division.Code = "370211102231"

func person(i int) events.Person { return uuid.UUID{0: byte(i >> 8), 1: byte(i), 15: 1} }

func event(id string, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/local", Type: d.Type(), Division: village, Data: d, Digest: fmt.Sprintf("%032x", len(id))}
}

func hire(i int, post, from string) *events.Event {
	return event(fmt.Sprint("h", i, post, from), &events.HirePlaced{
		Who: events.Who{Person: person(i)}, Post: post, Seat: 1 + i%9, From: civil.MustDate(from), Group: "older"})
}

func leave(i int, post, on string) *events.Event {
	return event(fmt.Sprint("x", i, post, on), &events.ExitRecorded{
		Who: events.Who{Person: person(i)}, Post: post, On: civil.MustDate(on), Kind: "natural", Code: "N5"})
}

// books returns placements with the posts a and b. Person 1 is on post a throughout. Person 2
// is on post a from 2022-05-10 until 2022-05-20 and again from 2022-05-25. Person 3 is on
// post b.
func books() *placement.State {
	s := placement.New()
	for _, post := range []string{"a", "b"} {
		command.Apply(s, event("p"+post, &events.PostDeveloped{Post: post, Area: "rural", Seats: 9, From: civil.MustDate("2022-01-01")}))
	}
	for _, e := range []*events.Event{
		hire(1, "a", "2022-01-01"), hire(3, "b", "2022-01-01"),
		hire(2, "a", "2022-05-10"), leave(2, "a", "2022-05-20"), hire(2, "a", "2022-05-25"),
	} {
		command.Apply(s, e)
	}
	return s
}

type line struct {
	person int
	marks  string
}

func month(post string, lines ...line) *events.Event {
	d := &events.AttendanceReported{Post: post, Month: civil.MustMonth("2022-05")}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.AttendanceLine{Person: person(l.person), Marks: l.marks})
	}
	return event("s", d)
}

func day(post, on string, lines ...line) *events.Event {
	d := &events.AttendanceReported{Post: post, Date: civil.MustDate(on)}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.AttendanceLine{Person: person(l.person), Mark: l.marks})
	}
	return event("s", d)
}

func TestDecide(t *testing.T) {
	s := New(books())
	full := strings.Repeat("P", 31)
	const ok = ""
	for name, c := range map[string]struct {
		event *events.Event
		want  string // codes and fields; says is a part of the sentence
		says  string
	}{
		"a full month":             {month("a", line{1, full}), ok, ""},
		"every mark counts":        {month("a", line{1, "PHLAS.-"}), ok, ""},
		"inside":                   {month("a", line{2, "---------PPPPPPPPPP-----PHLASPP"}), ok, ""},
		"rest outside is nothing":  {month("a", line{2, ".........PPPPPPPPPP.....PPPPPPP"}), ok, ""},
		"the day before":           {month("a", line{2, "--------PPP"}), "not_placed:data.lines[0]", "2022-05-09"},
		"the day of the exit":      {month("a", line{2, "---------PPPPPPPPPPP"}), "not_placed:data.lines[0]", "2022-05-20"},
		"between two placements":   {month("a", line{2, "----------------------L"}), "not_placed:data.lines[0]", "2022-05-23"},
		"absence is a mark, too":   {month("a", line{2, "A"}), "not_placed:data.lines[0]", "2022-05-01"},
		"on the other post":        {month("b", line{1, "P"}), "not_placed:data.lines[0]", "2022-05-01"},
		"nobody knows the person":  {month("a", line{1, "P"}, line{7, "..S"}), "not_placed:data.lines[1]", "2022-05-03"},
		"a person twice":           {month("a", line{1, "P"}, line{2, "-"}, line{1, "-P"}), "line_repeated:data.lines[2]", ""},
		"all that is wrong":        {month("a", line{3, "P"}, line{1, "P"}, line{1, "P"}), "not_placed:data.lines[0] line_repeated:data.lines[2]", ""},
		"unknown post":             {month("z", line{1, "P"}), "unknown_post:data.post", ""},
		"a day":                    {day("a", "2022-05-19", line{2, "P"}), ok, ""},
		"a day outside":            {day("a", "2022-05-20", line{1, "P"}, line{2, "H"}), "not_placed:data.lines[1]", "2022-05-20"},
		"a day outside at rest":    {day("a", "2022-05-20", line{2, "."}), ok, ""},
		"withdrawn":                {event("w", &events.EventWithdrawn{Of: events.AttendanceReportedType, ID: "s", Reason: "r"}), ok, ""},
		"from another county":      {elsewhere(month("a", line{1, "P"})), "division_outside:division", ""},
		"recorded":                 {recorded(month("a", line{7, "P"}, line{7, "P"})), ok, ""},
		"recorded on unknown post": {recorded(month("z", line{7, "P"})), "unknown_post:data.post", ""},
	} {
		record, reasons := s.Decide(c.event)
		var got []string
		for _, r := range reasons {
			got = append(got, string(r.Code)+":"+r.Field)
		}
		if strings.Join(got, " ") != c.want || (record != nil) != (c.want == ok) {
			t.Errorf("%s: %v, want %s", name, reasons, c.want)
		} else if reasons != nil && !strings.Contains(reasons[0].Detail, c.says) {
			t.Errorf("%s: %q does not say %s", name, reasons[0].Detail, c.says)
		}
	}
}

func elsewhere(e *events.Event) *events.Event { e.Division = "370212000000"; return e }
func recorded(e *events.Event) *events.Event  { e.Submode = events.ModeRecord; return e }

// A refusal has at most maxReasons reasons, even if every line of a long sheet is refused.
func TestReasonsEnd(t *testing.T) {
	var lines []line
	for i := range 100 {
		lines = append(lines, line{100 + i, "P"})
	}
	if _, reasons := New(books()).Decide(month("a", lines...)); len(reasons) != maxReasons {
		t.Errorf("%d reasons", len(reasons))
	}
}

// Goal: a sheet is not refused on stale placements. Method: the handler of attendance consults
// a fold of placements. Hires and exits come into the log from elsewhere. The handler may
// overlook an exit that has just come, but must not refuse a sheet because of a hire that it
// has not seen.
func TestSheetRightAfterTheHire(t *testing.T) {
	l := memlog.New()
	put := func(family events.Family, d command.Decider, s command.State) *command.Handler {
		return run(t, command.NewHandler(family, d, command.NewFold(l, family.Boundary(), s)))
	}
	posts, hires := put(events.Post, always{}, placement.New()), put(events.Hire, always{}, placement.New())
	placed := placement.New()
	d := run(t, command.NewHandler(events.Attendance, New(placed),
		command.NewFold(l, events.Attendance.Boundary(), &command.Stateless{}), command.NewFold(l, events.Hire.Boundary(), placed)))
	submit := func(d *command.Handler, e *events.Event) string {
		r, err := d.Submit(t.Context(), []*events.Event{e}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(r[0].Status, r[0].Reasons)
	}
	sheet := month("n", line{1, "P"})
	for _, step := range []struct {
		handler *command.Handler
		event   *events.Event
		want    string
	}{
		{d, sheet, "rejected" + fmt.Sprint(events.Refusal(UnknownPost, "data.post", events.Say("is not the name of a post in the books; submit post.developed first", "账上没有这个岗位；请先报送岗位开发")))},
		{posts, event("pn", &events.PostDeveloped{Post: "n", Area: "rural", Seats: 1, From: civil.MustDate("2022-05-01")}), "accepted"},
		{hires, hire(1, "n", "2022-05-01"), "accepted"},
		{d, sheet, "accepted"},
		{d, sheet, "duplicate"},
		{d, event("s2", sheet.Data), "accepted"}, // a second sheet for the same days
	} {
		if got := submit(step.handler, step.event); got != step.want {
			t.Fatalf("%s: %s, want %s", step.event.ID, got, step.want)
		}
	}
}

// always is a decider that accepts every event, so that the test can write to the log.
type always struct{}

func (always) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }

func run(t *testing.T, d *command.Handler) *command.Handler {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Run(ctx, func() { close(ready) }); err != nil {
			t.Errorf("handler ended: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	select {
	case <-ready:
	case <-done:
		t.FailNow()
	}
	return d
}

// BenchmarkDecide measures decisions of sheets of nine persons and a full month.
func BenchmarkDecide(b *testing.B) {
	placed := placement.New()
	var sheets []*events.Event
	const persons = 90_000
	for i := 0; i < persons; i += 9 {
		post := fmt.Sprint("p", i)
		command.Apply(placed, event("d"+post, &events.PostDeveloped{Post: post, Area: "rural", Seats: 9, From: civil.MustDate("2022-01-01")}))
		d := &events.AttendanceReported{Post: post, Month: civil.MustMonth("2022-05")}
		for n := range 9 {
			who := uuid.UUID{0: byte(i + n), 1: byte((i + n) >> 8), 2: byte((i + n) >> 16)}
			command.Apply(placed, event(fmt.Sprint("h", i+n), &events.HirePlaced{Who: events.Who{Person: who}, Post: post, Seat: n + 1, From: civil.MustDate("2022-01-01"), Group: "older"}))
			d.Lines = append(d.Lines, events.AttendanceLine{Person: who, Marks: ".PPPPP..PPPPP..PPPLP..PPPPP..PP"})
		}
		sheets = append(sheets, event("s"+post, d))
	}
	s := New(placed)
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range sheets {
			if _, reasons := s.Decide(e); reasons != nil {
				b.Fatal(reasons)
			}
		}
	}
	b.ReportMetric(persons*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
