package readmodel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
	"pgregory.net/rapid"
)

var views = []view.View{
	{Name: "sums", Version: 1},
	{Name: "spans", Version: 2, Spans: func(*timeline.Post, func(view.Span)) {}},
}

// The node of an interval is among the ancestors of everything in it.
func TestNode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Uint64Range(1, 1<<40).Draw(t, "from")
		until := from + rapid.Uint64Range(1, 1<<rapid.IntRange(0, 40).Draw(t, "bits")).Draw(t, "length")
		n := node(from, until)
		if n < int64(from) || n >= int64(until) {
			t.Fatalf("node of [%d, %d) is %d", from, until, n)
		}
		ord := rapid.Uint64Range(from, until-1).Draw(t, "ord")
		if !slices.Contains(ancestors(ord), n) {
			t.Fatalf("%d, the node of [%d, %d), is not found from %d", n, from, until, ord)
		}
	})
}

// Every question of the reader is answered by an index, but that for the
// position, which has a table of one row.
func TestQueriesUseIndexes(t *testing.T) {
	ctx := t.Context()
	path := t.TempDir() + "/gen-000001.db"
	w, err := Create(ctx, path, views)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		commitQuery, knownQuery, positionQuery, postQuery, postNameQuery, postsUnderQuery, personQuery, personIDQuery,
		leavesQuery, foliosQuery, runQuery, agencyQuery, agencyLeavesQuery, voidQuery,
		spansQuery("spans", len(ancestors(1))),
		spanRowsQuery("spans"), endedQuery("spans"),
		`SELECT id, ord, cell, date, measure, n FROM sums WHERE id > ? ORDER BY id`,
		selectCells + ` WHERE id > ? ORDER BY id`,
		`UPDATE spans SET ord_until = ?, node = ? WHERE id = ?`,
	} {
		args := make([]any, strings.Count(q, "?"))
		for i := range args {
			args[i] = 1
		}
		rows, err := w.db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+q, args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "CONSTANT") {
				t.Errorf("%s\n\t%s", q, detail)
			}
		}
		rows.Close()
	}
}

// A directory names its generations in order, switches durably, keeps the one
// before, and tells a foreign name.
func TestDir(t *testing.T) {
	ctx := context.Background()
	d, err := OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Reader(ctx); !errors.Is(err, ErrNone) {
		t.Errorf("empty directory: %v", err)
	}
	finished := func() string {
		t.Helper()
		name, err := d.Next()
		if err != nil {
			t.Fatal(err)
		}
		w, err := Create(ctx, d.Path(name), views)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Finish(ctx), w.Close()); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for i := 1; i <= 4; i++ {
		name := finished()
		if want := fmt.Sprintf("gen-%06d", i); name != want {
			t.Errorf("%s, want %s", name, want)
		}
		if err := d.Switch(ctx, name); err != nil {
			t.Fatal(err)
		}
		r, err := d.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := r.Meta(ctx); err != nil || m.Generation != name || m.Ord != 0 || m.Views["spans"] != 2 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if all, err := d.Generations(); err != nil || fmt.Sprint(all) != "[gen-000003 gen-000004]" {
		t.Errorf("kept: %v, %v", all, err)
	}
	if err := d.Switch(ctx, "gen-000003"); err != nil {
		t.Errorf("way back: %v", err)
	}
	if _, err := Create(ctx, d.Path("gen-000004"), views); !errors.Is(err, os.ErrExist) {
		t.Errorf("create over a generation: %v", err)
	}
	unfinished, err := Create(ctx, d.Path("gen-000005"), views)
	if err == nil {
		err = unfinished.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Switch(ctx, "gen-000005"); !errors.Is(err, ErrUnusable) {
		t.Errorf("switch to an unfinished generation: %v", err)
	}
	if _, err := OpenWriter(ctx, d.Path("gen-000004"), views[:1]); !errors.Is(err, ErrUnusable) {
		t.Errorf("other views: %v", err)
	}
	if err := os.WriteFile(d.path+"/current", []byte("../../etc/passwd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reader(ctx); !errors.Is(err, ErrUnusable) {
		t.Errorf("foreign name: %v", err)
	}
}

// A writer that was taken over writes nothing.
func TestFence(t *testing.T) {
	ctx := t.Context()
	path := t.TempDir() + "/gen-000001.db"
	first, err := Create(ctx, path, views)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := first.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	batch := func(ord uint64, id string) *Batch {
		return &Batch{Commits: []CommitRow{{Commit: Commit{Ord: ord, ID: id, Position: log.At(ord, 0)}, Keys: []byte{}, Subjects: []byte{}}}}
	}
	if err := first.Write(ctx, batch(1, "first")); err != nil {
		t.Fatal(err)
	}
	second, err := OpenWriter(ctx, path, views)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Write(ctx, batch(2, "late")); !errors.Is(err, ErrFenced) {
		t.Errorf("the first writer: %v", err)
	}
	if second.Ord() != 1 {
		t.Errorf("the second begins after %d", second.Ord())
	}
	if err := second.Write(ctx, batch(2, "second")); err != nil {
		t.Fatal(err)
	}
	if c, err := second.Commit(ctx, 2); err != nil || c.ID != "second" {
		t.Errorf("commit 2 is %q, %v", c.ID, err)
	}
}
