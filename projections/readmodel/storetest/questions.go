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

// A Question is one that a store was asked.
type Question struct {
	SQL  string
	Args []any
}

// A Recorder is a store that remembers what its generations were asked.
type Recorder struct {
	readmodel.Store
	mu    sync.Mutex
	asked []Question
}

// Asked returns the questions since the last call, each once.
func (r *Recorder) Asked() []Question {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.asked
	r.asked = nil
	slices.SortStableFunc(all, func(a, b Question) int { return strings.Compare(a.SQL, b.SQL) })
	return slices.CompactFunc(all, func(a, b Question) bool { return a.SQL == b.SQL })
}

// Open opens a generation that records.
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
	g.by.asked = append(g.by.asked, Question{query, slices.Clone(args)})
	g.by.mu.Unlock()
	return g.Generation.Query(ctx, query, args...)
}

// Questions builds a generation in a store from a synthetic log, asks its
// Reader everything that a Reader answers, but for what compares and hashes
// whole generations, and returns the questions, so that a driver can show how
// each is answered.
func Questions(t *testing.T, s readmodel.Store) []Question {
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
	return append(recorder.Asked(), ask(t, r, m, recorder)...)
}

// ask asks for views and agencies.
func ask(t *testing.T, r *readmodel.Reader, m readmodel.Meta, recorder *Recorder) []Question {
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
