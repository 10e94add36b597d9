package storetest

import (
	"fmt"
	"maps"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/internal/synthetic"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/comparison"
	"github.com/muster-works/muster/projections/runner"
)

// Programme returns the synthetic log of a programme with so many posts, which has
// every kind of event that changes rows.
func Programme(t testing.TB, posts int) log.Log {
	t.Helper()
	l := memlog.New()
	if _, err := synthetic.Fill(t.Context(), l, synthetic.Size{Posts: posts, Months: 3, Counties: 3, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	// A plan that is corrected, the correction before the original.
	c := log.Commit{ID: "plan", Boundary: "post.370100"}
	for i, replaces := range []string{"p-2", ""} {
		e := &events.Event{ID: fmt.Sprint("p-", i+1), Source: "/agency/370100-rsj", Division: "370100000000", Replaces: replaces,
			Type: "plan.set", Data: &events.PlanSet{Division: "370100000000", Year: 2022, Area: "rural", Posts: 100 + i}}
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, raw)
	}
	if _, _, err := l.Append(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	return l
}

// Build builds a generation of a log in bulk, up to a position, and returns a reader
// of it. The zero position is the end of the log.
func Build(t testing.TB, d *readmodel.Dir, l log.Log, name string, until log.Position) *readmodel.Reader {
	t.Helper()
	if _, err := runner.Build(t.Context(), l, d, name, projections.Views(), until, runner.Options{MaxFacts: 500}); err != nil {
		t.Fatal(err)
	}
	r, err := d.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Goal: a store keeps what it is given, however it is given.
// Method: one log is loaded in bulk into one generation, and mostly in small
// transactions into another; every table must have the same hash, and a
// comparison row by row must find nothing.
func testRows(t *testing.T, s readmodel.Store) {
	ctx := t.Context()
	d, l := newDir(t, s), Programme(t, 30)
	bulk := Build(t, d, l, "gen-000001", log.Position{})
	early, err := bulk.Commit(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	live := Build(t, d, l, "gen-000002", early.Position)
	if err := runner.CatchUp(ctx, l, d, "gen-000002", projections.Views(), runner.Options{MaxFacts: 50}); err != nil {
		t.Fatal(err)
	}
	Same(t, bulk, live)
	everyTableHasRows(t, bulk)
}

// everyTableHasRows checks that a generation of a Programme has rows in every
// table, so that a new table cannot be left out by the projector. Nothing is set
// aside in a Programme, and bookkeeping is the store's.
func everyTableHasRows(t *testing.T, r *readmodel.Reader) {
	t.Helper()
	tables, err := r.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Contents == readmodel.Bookkeeping || table.Contents == readmodel.SetAsides {
			continue
		}
		rows, err := r.Query(t.Context(), table.SelectAll())
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Errorf("table %s has no rows: %v", table.Name, rows.Err())
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Same checks that two generations have the same hashes and that a comparison finds
// no difference.
func Same(t *testing.T, a, b *readmodel.Reader) {
	t.Helper()
	ctx := t.Context()
	one, err := comparison.Hashes(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := comparison.Hashes(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(one, other) {
		t.Errorf("hashes differ:\n%v\n%v", one, other)
	}
	m, err := a.Meta(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := comparison.Compare(ctx, a, b, m.Ord, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range tables {
		if !d.Same() || d.Rows == 0 {
			t.Errorf("%s: %+v", d.Table, d)
		}
	}
}
