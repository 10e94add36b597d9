package comparison_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/comparison"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/readmodel/storetest"
)

var update = flag.Bool("update", false, "write the golden differences anew")

// A telling is one way in which the story of a small village may have gone.
type telling struct {
	seats, planned int
	second         byte          // the person hired second
	at             division.Code // by the office there
	run, agency    string
	corrects       string // the event that the last one replaces
}

// told returns the log of a telling, of four commits.
func told(t *testing.T, w telling) log.Log {
	t.Helper()
	l := memlog.New()
	writer := synthetic.NewWriter(l, "village")
	ids := 0
	add := func(at division.Code, replaces string, d events.Data) {
		t.Helper()
		ids++
		e := &events.Event{ID: fmt.Sprint("e-", ids), Source: "/agency/" + w.agency, Type: d.Type(), Division: at, Replaces: replaces, Data: d}
		if err := writer.Add(t.Context(), e, 1); err != nil {
			t.Fatal(err)
		}
	}
	end := func() {
		t.Helper()
		if err := writer.CommitAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	who := func(n byte) events.Who { return events.Who{Person: uuid.UUID{15: n}} }
	const here = "370101001001"
	from := synthetic.Start.First()
	hire := func(n byte, seat int) *events.HirePlaced {
		return &events.HirePlaced{Who: who(n), Post: "sweep", Seat: seat, From: from, Group: "older", Sex: "F"}
	}
	add(here, "", &events.PostDeveloped{Post: "sweep", Category: "facility_maintenance", Kind: "sweeping", Area: "rural", Seats: 2, From: from, Fund: "fund"})
	add(here, "", hire(1, 1))
	end()
	add(here, "", &events.PostDeveloped{Post: "guard", Category: "social_governance", Kind: "guarding", Area: "rural", Seats: w.seats, From: from, Fund: "fund"})
	add(w.at, "", hire(w.second, 2))
	add(here, "", &events.PlanSet{Year: 2022, Area: "rural", Posts: w.planned})
	end()
	add(here, "", &events.PaymentInstructed{Run: w.run, Month: synthetic.Start, Fund: "fund", Lines: []events.PayLine{{Line: "1", Person: who(1).Person, Post: "sweep", Amount: 80000}}})
	end()
	add(here, "", &events.ExitRecorded{Who: who(1), Post: "sweep", On: from + civil.Date(w.seats), Kind: "natural", Code: "N1"})
	add(here, w.corrects, &events.ExitRecorded{Who: who(1), Post: "sweep", On: from + 9, Kind: "natural", Code: "N2"})
	end()
	return l
}

// Goal: Compare finds what differs row by row, puts it in words and leads it back to
// its events.
// Method: a story is compared with other tellings of it, at two commits, and the report
// with a golden file.
func TestDifferences(t *testing.T) {
	story := telling{seats: 1, planned: 100, second: 2, at: "370101001001", run: "january", agency: "rsj", corrects: "e-7"}
	tellings := []struct {
		name string
		telling
	}{
		{"the same", story},
		{"another size and plan", telling{seats: 3, planned: 120, second: 2, at: "370101001001", run: "january", agency: "rsj", corrects: "e-7"}},
		{"another person in another county", telling{seats: 1, planned: 100, second: 3, at: "370102001001", run: "january", agency: "rsj", corrects: "e-7"}},
		{"another run and agency", telling{seats: 1, planned: 100, second: 2, at: "370101001001", run: "first", agency: "xmj", corrects: "e-7"}},
		{"nothing corrected", telling{seats: 1, planned: 100, second: 2, at: "370101001001", run: "january", agency: "rsj"}},
	}
	s, err := sqlite.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := readmodel.NewDir(s)
	defer dir.Close()
	first := storetest.Build(t, dir, told(t, story), "gen-000001", log.Position{})
	var got bytes.Buffer
	for i, other := range tellings {
		second := storetest.Build(t, dir, told(t, other.telling), fmt.Sprintf("gen-%06d", i+2), log.Position{})
		for _, ord := range []uint64{1, 4} {
			tables, err := comparison.Compare(t.Context(), first, second, ord, 2)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "# %s, at commit %d\n", other.name, ord)
			for _, d := range tables {
				fmt.Fprintf(&got, "%s: %d rows +%d -%d ~%d\n", d.Table, d.Rows, d.Added, d.Gone, d.Changed)
				for _, e := range d.Examples {
					fmt.Fprintf(&got, "\t%s\n\t\t- %s\n\t\t+ %s\n\t\t%v\n", e.Key, e.Before, e.After, e.Events)
				}
			}
		}
	}
	const file = "testdata/differences.txt"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("other differences than in %s:\n%s", file, got.Bytes())
	}
}
