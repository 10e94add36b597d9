package runner_test

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/timeline"
)

// alike returns pseudonyms that have one hash.
func alike(n int) (ids []uuid.UUID) {
	const hash = 0xfedcba9876543210
	for i := range n {
		var id uuid.UUID
		binary.LittleEndian.PutUint64(id[8:], uint64(i))
		same := timeline.PersonHash(id) ^ hash
		binary.LittleEndian.PutUint64(id[:8], same)
		ids = append(ids, id)
	}
	return ids
}

// named returns a log that names persons, one a commit, and the directory of a
// generation that has read it in two parts.
func named(t *testing.T, path string, ids []uuid.UUID) (log.Log, *readmodel.Dir) {
	t.Helper()
	l, d := memlog.New(), openDirAt(t, path)
	var revision log.Revision
	for i, id := range ids {
		e := &events.Event{ID: fmt.Sprint("e-", i), Source: "/agency/a", Type: events.PersonErasedType, Data: &events.PersonErased{Person: id, Reason: "asked"}}
		revision = appendCommit(t, l, fmt.Sprint("c-", i), []*events.Event{e}, revision, moment(i))
		if i == 1 {
			build(t, l, d, runner.Options{})
		}
	}
	if err := runner.CatchUp(t.Context(), l, d, "gen-000001", projections.Views(), runner.Options{MaxFacts: 1}); err != nil {
		t.Fatal(err)
	}
	return l, d
}

// Persons are told apart where their pseudonyms have one hash, by whoever asks
// for them and by a projector that starts again.
func TestPersonsAlike(t *testing.T) {
	ids := alike(9)
	nobody := ids[8]
	_, d := named(t, t.TempDir(), ids[:8])
	r := reader(t, d)
	var numbers []timeline.Number
	for i, id := range ids[:8] {
		p, err := r.Person(t.Context(), id, timeline.Head)
		if want := timeline.MakeRef(uint64(i+1), 0); err != nil || len(p.Trail()) != 1 || p.Trail()[0] != want {
			t.Errorf("person %d: %+v, %v", i, p, err)
		}
		numbers = append(numbers, timeline.Number(timeline.FolioSize+i))
	}
	if got, err := r.PersonIDs(t.Context(), numbers); err != nil || !slices.Equal(got, ids[:8]) {
		t.Errorf("the pseudonyms are %v, %v", got, err)
	}
	for _, err := range []error{errOf(r.Person(t.Context(), nobody, timeline.Head)), errOf(r.PersonIDs(t.Context(), []timeline.Number{timeline.FolioSize + 8}))} {
		if !errors.Is(err, readmodel.ErrUnknown) {
			t.Errorf("%v, want ErrUnknown", err)
		}
	}
}

// Where the leaves of persons are damaged, whoever asks hears of it, and so does a
// projector that starts, of what it reads.
func TestPersonsDamaged(t *testing.T) {
	ids := alike(3)
	for damage, starts := range map[string]bool{
		`UPDATE person SET ids = x'01'`:                                     false,
		`UPDATE person SET folio = 7`:                                       false,
		`UPDATE bearer SET persons = x'01'`:                                 true,
		`UPDATE bearer SET persons = x'017f' || substr(persons, -4)`:        true,
		`UPDATE bearer SET persons = substr(persons, 1, length(persons)-1)`: true,
	} {
		path := t.TempDir()
		l, d := named(t, path, ids)
		db, err := sql.Open("sqlite", path+"/gen-000001.db")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), damage); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := reader(t, d).Person(t.Context(), ids[1], timeline.Head); !errors.Is(err, timeline.ErrDamaged) {
			t.Errorf("%s: %v", damage, err)
		}
		err = runner.CatchUp(t.Context(), l, d, "gen-000001", projections.Views(), runner.Options{})
		if starts && err != nil || !starts && !errors.Is(err, timeline.ErrDamaged) {
			t.Errorf("%s: a projector says %v", damage, err)
		}
	}
}
