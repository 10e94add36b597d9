package storetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A Query is a query that a store was asked.
type Query struct {
	SQL  string
	Args []any
}

// A Recorder is a store that records the queries of its generations.
type Recorder struct {
	readmodel.Store
	mu    sync.Mutex
	asked []Query
}

// Asked returns the queries since the last call, each once, ordered by their text.
func (r *Recorder) Asked() []Query {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.asked
	r.asked = nil
	slices.SortStableFunc(all, func(a, b Query) int { return strings.Compare(a.SQL, b.SQL) })
	return slices.CompactFunc(all, func(a, b Query) bool { return a.SQL == b.SQL })
}

// Open opens a generation whose queries are recorded.
func (r *Recorder) Open(ctx context.Context, name string) (readmodel.Generation, error) {
	g, err := r.Store.Open(ctx, name)
	return recorded{g, r}, err
}

type recorded struct {
	readmodel.Generation
	by *Recorder
}

func (g recorded) Query(ctx context.Context, query string, args ...any) (readmodel.Rows, error) {
	g.by.mu.Lock()
	g.by.asked = append(g.by.asked, Query{query, slices.Clone(args)})
	g.by.mu.Unlock()
	return g.Generation.Query(ctx, query, args...)
}

// RecordQueries builds a generation gen-000001 in a store from a synthetic log, calls
// every method of its Reader except Query and Tables, and returns the queries that the
// store was asked. So a driver can show how it answers each.
func RecordQueries(t *testing.T, s readmodel.Store) []Query {
	ctx := t.Context()
	recorder := &Recorder{Store: s}
	d := newDir(t, recorder)
	Build(t, d, Programme(t, 300), "gen-000001", log.Position{})
	if err := d.Switch(ctx, "gen-000001"); err != nil {
		t.Fatal(err)
	}
	r, err := d.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	recorder.Asked() // what it takes to open
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	m, err := r.Meta(ctx)
	ok(err)
	_, err = r.ResolveKnown(ctx, time.Now())
	ok(err)
	_, err = r.ResolvePosition(ctx, m.Position)
	ok(err)
	_, err = r.Commit(ctx, 1)
	ok(err)
	var somebody []timeline.Number
	folios, err := r.Folios(ctx, "37")
	ok(err)
	ok(r.Persons(ctx, readmodel.FolioPersons(folios[0]), m.Ord, func(no timeline.Number, _ *timeline.Person) {
		somebody = append(somebody, no)
	}))
	ids, err := r.PersonIDs(ctx, somebody)
	ok(err)
	for _, id := range ids {
		_, err = r.Person(ctx, id, m.Ord)
		ok(err)
	}
	ok(r.PostsUnder(ctx, "37", m.Ord, func(no timeline.Number, name string, _ *timeline.Post) {}))
	ok(r.FolioEnds(ctx, func(uint32, timeline.Ref) {}))
	ok(r.PostSizes(ctx, func(timeline.Number, int) {}))
	ok(r.PostFacts(ctx, 1, 1, func(timeline.Number, string, []byte) error { return nil }))
	name, err := r.PostName(ctx, 1)
	ok(err)
	_, err = r.Post(ctx, name, m.Ord)
	ok(err)
	_, err = r.SubjectsOf(ctx, timeline.MakeRef(1, 0))
	ok(err)
	_, err = r.PlanKey(ctx, 1)
	ok(err)
	_, err = r.RunName(ctx, 1)
	ok(err)
	_, _, err = r.Retraction(ctx, [16]byte{})
	ok(err)
	return append(recorder.Asked(), recordMore(t, r, m, recorder)...)
}

// recordMore calls the methods that read views and agencies.
func recordMore(t *testing.T, r *readmodel.Reader, m readmodel.Meta, recorder *Recorder) []Query {
	ctx := t.Context()
	for _, v := range projections.Views() {
		var err error
		if v.Spans != nil {
			err = r.Spans(ctx, v.Name, 1, func(uint64, []packing.SpanChange) {})
		} else {
			err = r.Deltas(ctx, v.Name, 1, func(uint64, []packing.Delta) {})
		}
		if err != nil {
			t.Errorf("view %s: %v", v.Name, err)
		}
	}
	if err := r.Cells(ctx, 1, func(uint64, []view.Cell) {}); err != nil {
		t.Error(err)
	}
	if err := r.AgencyEvents(ctx, "370100-rsj", 0, m.Ord, func(timeline.Ref) bool { return true }); err != nil {
		t.Error(err)
	}
	return recorder.Asked()
}
