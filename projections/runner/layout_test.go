package runner_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/comparison"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
)

// corrections are events of which some replace or withdraw others, one of them
// before it comes, so that every table of a generation has rows.
func corrections() (all []*events.Event) {
	who := events.Who{Person: events.Person{7}}
	add := func(id, replaces string, data events.Data) {
		all = append(all, &events.Event{ID: id, Source: "/agency/370211-rsj", Type: data.Type(), Division: "370211102231", Replaces: replaces,
			AuthType: "token", AuthID: "370211-rsj", CorrelationID: "c", PolicyVersion: "p", Digest: "00112233445566778899aabbccddeeff", Data: data})
	}
	day := civil.MustDate
	add("plan", "", &events.PlanSet{Division: "370211000000", Year: 2022, Area: "rural", Posts: 42})
	add("post", "", &events.PostDeveloped{Post: "p", Category: "public_service", Division: "370211102231", Area: "rural", Seats: 2, From: day("2022-03-01")})
	add("resized", "", &events.PostResized{Post: "p", Seats: 3, From: day("2022-08-01")})
	add("hire", "", &events.HirePlaced{Who: who, Post: "p", Seat: 1, From: day("2022-04-01"), Until: day("2025-04-01"), Group: "older", BirthMonth: civil.MonthOf(1965, 1), Sex: "M"})
	add("hire-again", "hire", &events.HirePlaced{Who: who, Post: "p", Seat: 2, From: day("2022-04-02"), Until: day("2025-04-01"), Group: "older", BirthMonth: civil.MonthOf(1965, 1), Sex: "M"})
	add("renewed", "", &events.HireRenewed{Who: who, Post: "p", Until: day("2026-01-01")})
	add("ahead", "", &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "exit", Reason: "r"})
	add("exit", "", &events.ExitRecorded{Who: who, Post: "p", On: day("2022-06-15"), Kind: "natural", Code: "N1"})
	add("exit-again", "", &events.ExitRecorded{Who: who, Post: "p", On: day("2022-07-15"), Kind: "natural", Code: "N2"})
	add("never", "", &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "never-comes", Reason: "r"})
	add("closed", "", &events.PostClosed{Post: "p", On: day("2023-01-01")})
	return all
}

// layoutLog is a small programme, with corrections behind it.
func layoutLog(t *testing.T) log.Log {
	t.Helper()
	l := memlog.New()
	if _, err := synthetic.Fill(t.Context(), l, synthetic.Size{Posts: 12, Months: 2, Counties: 2, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	_, revision, err := l.Head(t.Context(), log.Filter{Boundary: "placement"})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range corrections() {
		revision = appendCommit(t, l, fmt.Sprint("correction-", i), []*events.Event{e}, revision, moment(i))
	}
	return l
}

// generationVersion is all that decides whether the rows of a generation are read.
func generationVersion() []int {
	version := []int{readmodel.SchemaVersion, timeline.Version}
	for _, v := range projections.Views() {
		version = append(version, v.Version)
	}
	return version
}

// TestGenerationLayout holds all rows of a generation, and the hash of the state
// at its last commit, to what is frozen for the versions that a generation states.
// It covers what no packed form by itself does: which rows a log comes to.
func TestGenerationLayout(t *testing.T) {
	d, err := sqlite.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := build(t, layoutLog(t), d, runner.Options{})
	meta, err := r.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := comparison.Hashes(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	cases := []layouttest.Case{{Name: "state", Text: meta.State.String()}}
	for table, hash := range hashes {
		cases = append(cases, layouttest.Case{Name: table, Text: hash})
	}
	slices.SortFunc(cases[1:], func(a, b layouttest.Case) int { return cmp.Compare(a.Name, b.Name) })
	layouttest.Check(t, layouttest.Form{
		Name: "generation", Constant: "readmodel.SchemaVersion, timeline.Version, or the Version of a view", Version: generationVersion(),
	}, cases...)
}
