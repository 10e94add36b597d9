package runner_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"pgregory.net/rapid"
)

// A small world, in which everything contradicts everything often: three posts,
// five persons, sixty days.
const (
	posts   = 3
	persons = 5
	days    = 60
)

var first = civil.MustDate("2022-05-01")

func postName(i int) string { return fmt.Sprintf("post-%d", i) }

func personID(i int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(fmt.Sprintf("person-%d", i)))
}

// draw makes the events of a world: what is developed, then anything, with some
// events replaced and some withdrawn.
func draw(t *rapid.T) []*events.Event {
	var all []*events.Event
	n := func(low, high int, what string) int { return rapid.IntRange(low, high).Draw(t, what) }
	add := func(d events.Data) *events.Event {
		e := &events.Event{
			ID: fmt.Sprintf("e-%d", len(all)), Source: "/agency/a-1/x", Type: d.Type(), AuthID: fmt.Sprintf("a-%d", len(all)%2), AuthDivision: []string{"", "370211", "370211102231"}[n(0, 2, "authdivision")],
			Division: division.Code(fmt.Sprintf("37021%d102231", len(all)%2)), Data: d,
		}
		all = append(all, e)
		return e
	}
	date := func(what string) civil.Date { return first + civil.Date(n(0, days-1, what)) }
	develop := func(post int) events.Data {
		return &events.PostDeveloped{
			Post: postName(post), Category: []string{"public_service", "public_management"}[n(0, 1, "category")], Area: "rural",
			Division: division.Code(fmt.Sprintf("3702%d1102231", n(1, 2, "division"))), Seats: n(1, 3, "seats"), From: date("from"),
		}
	}
	for i := range posts {
		add(develop(i))
	}
	for year := range 2 {
		add(&events.PlanSet{Division: "370211000000", Year: 2022 + year, Area: "rural", Posts: n(1, 99, "planned")})
	}
	draws := []func() events.Data{
		func() events.Data { return hire(n, date) },
		func() events.Data { return hire(n, date) },
		func() events.Data { return hire(n, date) },
		func() events.Data {
			return &events.ExitRecorded{Who: somebody(n), Post: postName(n(0, posts-1, "post")), On: date("on"), Kind: "natural", Code: fmt.Sprintf("N%d", n(1, 3, "code")),
				Estimated: []string{"", "", "month", "year"}[n(0, 3, "estimated")]}
		},
		func() events.Data {
			return &events.ExitRecorded{Who: somebody(n), Post: postName(n(0, posts-1, "post")), On: date("on"), Kind: "dismissal", Code: fmt.Sprintf("D%d", n(1, 3, "code"))}
		},
		func() events.Data {
			return &events.PostResized{Post: postName(n(0, posts-1, "post")), Seats: n(0, 4, "seats"), From: date("from")}
		},
		func() events.Data { return &events.PostClosed{Post: postName(n(0, posts-1, "post")), On: date("on")} },
		func() events.Data { return change(n, date) },
		func() events.Data { return change(n, date) },
		func() events.Data {
			return &events.AttendanceReported{Post: postName(n(0, posts-1, "post")), Month: first.Month(), Lines: []events.AttendanceLine{
				{Person: somebody(n).Person, Marks: rapid.StringOfN(rapid.RuneFrom([]rune("PHLAS.-")), 1, 31, -1).Draw(t, "marks")},
				{Person: somebody(n).Person, Marks: "P"},
			}}
		},
		func() events.Data {
			post := n(0, posts-1, "post") // amounts tell posts apart: see timeline.Person.Pay on lines that differ in the post alone
			return &events.PaymentInstructed{Run: fmt.Sprint(n(1, 2, "run")), Month: first.Month(), Fund: "f", Lines: []events.PayLine{
				{Line: fmt.Sprint(n(1, 3, "line")), Person: somebody(n).Person, Post: postName(post), Amount: events.Fen(posts*n(1, 9, "amount") + post)},
			}}
		},
		func() events.Data {
			return &events.PaymentSettled{Run: fmt.Sprint(n(1, 2, "run")), PaidOn: date("paid"), Lines: []events.SettledLine{
				{Line: fmt.Sprint(n(1, 3, "line")), Person: somebody(n).Person, Account: "t"}}}
		},
		func() events.Data {
			return &events.HireRenewed{Who: somebody(n), Post: postName(n(0, posts-1, "post")), Until: date("until")}
		},
		func() events.Data {
			s := &events.HireSuspended{Who: somebody(n), Post: postName(n(0, posts-1, "post")), From: date("from"), Reason: "illness"}
			if n(0, 1, "ends") == 1 {
				s.Until = s.From + civil.Date(n(1, 20, "until"))
			}
			return s
		},
		func() events.Data {
			return &events.HireResumed{Who: somebody(n), Post: postName(n(0, posts-1, "post")), On: date("on")}
		},
		func() events.Data {
			return &events.HireChanged{Who: somebody(n), Post: postName(n(0, posts-1, "post")), On: date("on"), Group: []string{"older", "low_income"}[n(0, 1, "group")]}
		},
		func() events.Data {
			d := &events.PersonIdentified{Who: somebody(n), On: date("on"), Reason: []string{events.Mistyped, events.Changed, events.Renamed}[n(0, 2, "reason")]}
			if d.Renumbers() {
				d.Sex, d.BirthMonth = []string{"F", "M"}[n(0, 1, "sex")], civil.MonthOf(1960+n(0, 9, "birth"), 1)
			}
			for i := range posts {
				if n(0, 1, "on post") == 1 {
					d.Posts = append(d.Posts, postName(i))
				}
			}
			if n(0, 3, "held") == 0 {
				d.HeldBy = somebody(n).Person
			}
			return d
		},
		func() events.Data {
			return &events.AttendanceReported{Post: postName(n(0, posts-1, "post")), Date: date("day"), Capacity: []string{"", "inspection"}[n(0, 1, "capacity")],
				Lines: []events.AttendanceLine{{Person: somebody(n).Person, Mark: []string{"H", "A"}[n(0, 1, "mark")]}}}
		},
		func() events.Data {
			return &events.TrainingCompleted{Who: somebody(n), Course: "safety", Hours: n(1, 9, "hours"), On: date("on"), PreService: n(0, 1, "pre") == 1}
		},
		func() events.Data {
			return &events.AccountAssigned{Who: somebody(n), Account: fmt.Sprint("t", n(1, 3, "account")), Bank: "b", From: date("from")}
		},
		func() events.Data {
			back := []events.ReturnedLine{{Line: fmt.Sprint(n(1, 3, "line")), Person: somebody(n).Person, On: date("back")}}
			if n(0, 1, "reversed") == 1 {
				return &events.PaymentReversed{Run: fmt.Sprint(n(1, 2, "run")), Lines: back}
			}
			return &events.PaymentReturned{Run: fmt.Sprint(n(1, 2, "run")), Lines: back}
		},
		func() events.Data {
			return &events.FundAllocated{Fund: "f", Division: "370211000000", Year: 2022, Amount: events.Fen(n(1, 9, "amount"))}
		},
		func() events.Data {
			return &events.SubmissionsTallied{Agency: "a", From: moment(n(0, 9, "from")), Until: moment(10), Accepted: n(0, 3, "accepted"), Rejected: map[string]int{"not_placed": n(0, 2, "rejected"), "seat_taken": 1, "unknown_person": 2, "unknown_post": 3}}
		},
		func() events.Data { return &events.PersonErased{Person: somebody(n).Person, Reason: "asked"} },
		func() events.Data {
			return &events.PersonRevealed{Person: somebody(n).Person, Fields: []string{"name"}, Purpose: "test"}
		},
		func() events.Data {
			return &events.FindingReviewed{Finding: "F01", Verdict: "cleared"}
		},
		func() events.Data {
			return &events.RegistryReported{Registry: "death", Lines: []events.RegistryLine{{Person: somebody(n).Person, From: date("from")}}}
		},
	}
	for range n(0, 40, "events") {
		old := all[n(0, len(all)-1, "old")]
		switch n(0, 9, "what") {
		case 0: // the same type again in place of an earlier one
			var d events.Data
			switch was := old.Data.(type) {
			case *events.PostDeveloped:
				again := develop(0).(*events.PostDeveloped)
				again.Post = was.Post
				d = again
			case *events.EventWithdrawn, *events.PlanSet:
				continue
			default:
				d = draws[0]()
				for d.Type() != was.Type() {
					d = draws[n(0, len(draws)-1, "type")]()
				}
			}
			correct(n, add(d), old).Replaces = old.ID
		case 1:
			if f := old.Type.Family(); f != "" && old.Type != events.PostDevelopedType && old.Type != events.PlanSetType {
				correct(n, add(&events.EventWithdrawn{Of: old.Type, ID: old.ID, Reason: "mistake"}), old)
			}
		default:
			add(draws[n(0, len(draws)-1, "type")]())
		}
	}
	return all
}

// correct makes e, the correction of an event, one of the source of that event or one of
// an overseer.
func correct(n func(int, int, string) int, e, old *events.Event) *events.Event {
	if e.Source = old.Source; n(0, 2, "overseer") == 0 {
		e.Source = "/agency/overseer"
	}
	if e.Source != old.Source {
		e.ReplacesSource = old.Source
	}
	return e
}

func somebody(n func(int, int, string) int) events.Who {
	return events.Who{Person: personID(n(0, persons-1, "person"))}
}

// change makes a change of a post: a move, or something that is counted by, or something that
// is not.
func change(n func(int, int, string) int, date func(string) civil.Date) events.Data {
	c := &events.PostChanged{Post: postName(n(0, posts-1, "post")), On: date("on") - 3, Standard: 1}
	switch n(0, 3, "changed") {
	case 0:
		c.Category = []string{"public_service", "public_management"}[n(0, 1, "category")]
	case 1, 2:
		c.Division = division.Code(fmt.Sprintf("3702%d1102231", n(1, 3, "division")))
	}
	return c
}

func hire(n func(int, int, string) int, date func(string) civil.Date) events.Data {
	h := &events.HirePlaced{
		Who: somebody(n), Post: postName(n(0, posts-1, "post")), Seat: n(1, 4, "seat"), From: date("from"),
		Group: []string{"older", "disabled"}[n(0, 1, "group")], Sex: []string{"F", "M"}[n(0, 1, "sex")],
	}
	if n(0, 3, "stands in") == 0 {
		h.StandingInFor = somebody(n).Person
	}
	return h
}

// write appends events to a new log in commits of up to most events, a minute
// apart.
func write(t fataler, all []*events.Event, most int, r *rand.Rand) log.Log {
	l := memlog.New()
	var revision log.Revision
	for i := 0; len(all) > 0; i++ {
		n := min(len(all), 1+r.IntN(most))
		revision = appendCommit(t, l, fmt.Sprint("c-", i), all[:n], revision, moment(i))
		all = all[n:]
	}
	return l
}

// moment is when the commit with an index was recorded.
func moment(i int) time.Time { return time.Date(2022, 7, 1, 0, i, 0, 0, time.UTC) }

func appendCommit(t fataler, l log.Log, id string, all []*events.Event, revision log.Revision, at time.Time) log.Revision {
	c := log.Commit{ID: id, Boundary: "placement", Imported: at}
	for _, e := range all {
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, raw)
	}
	_, revision, err := l.Append(context.Background(), c, revision)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// tempDirs makes directories of generations; rapid's T has no TempDir.
func tempDirs(t *testing.T) func(*rapid.T) *readmodel.Dir {
	base, n := t.TempDir(), 0
	return func(t *rapid.T) *readmodel.Dir {
		n++
		path := fmt.Sprintf("%s/%d", base, n)
		d, err := sqlite.OpenDir(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			d.Close()
			os.RemoveAll(path)
		})
		return d
	}
}

// build builds a generation of a log and opens it.
func build(t fataler, l log.Log, d *readmodel.Dir, opts runner.Options) *readmodel.Reader {
	t.Helper()
	ctx := context.Background()
	if _, err := runner.Build(ctx, l, d, "gen-000001", projections.Views(), log.Position{}, opts); err != nil {
		t.Fatal(err)
	}
	if err := d.Switch(ctx, "gen-000001"); err != nil {
		t.Fatal(err)
	}
	return reader(t, d)
}

func reader(t fataler, d *readmodel.Dir) *readmodel.Reader {
	t.Helper()
	r, err := d.Reader(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shuffled returns the events in another order, with some of them twice.
func shuffled(all []*events.Event, r *rand.Rand) []*events.Event {
	out := slices.Clone(all)
	for _, e := range all {
		if r.IntN(4) == 0 {
			out = append(out, e)
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
