package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
)

// Goal: no event type is forgotten by the runner. Method: the golden records of each
// type of the catalogue are projected, each in a log of its own; the event must then
// stand in the trail of every person, post and plan that the payload names, and in that
// of its agency. A type that names none of them must be listed as one without timeline.
func TestEveryTypeReachesATrail(t *testing.T) {
	for _, typ := range events.Types() {
		t.Run(string(typ), func(t *testing.T) {
			for _, e := range goldenRecords(t, typ) {
				n := reached(t, e)
				if _, silent := decoding.WithoutTimeline[typ]; n == 0 && !silent {
					t.Error("the event reaches the trail of no person, post or plan, and is not listed as one that need not")
				} else if n > 0 && silent {
					t.Errorf("the event reaches %d trails, but is listed as one without timeline", n)
				}
			}
		})
	}
}

// goldenRecords returns the records of a type that package events is held to.
func goldenRecords(t *testing.T, typ events.Type) (all []*events.Event) {
	t.Helper()
	files, err := filepath.Glob("../../events/testdata/v1/record/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e, err := events.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == typ {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no golden record of type %s", typ)
	}
	return all
}

// reached projects an event, checks that it stands in every trail in which it should,
// and returns the number of persons, posts and plans among them.
func reached(t *testing.T, e *events.Event) (n int) {
	t.Helper()
	l := memlog.New()
	appendCommit(t, l, "c", []*events.Event{e}, 0, moment(0))
	r := build(t, l, openDir(t), runner.Options{})
	inTrail := func(what string, trail []timeline.Ref, err error) {
		n++
		if err != nil || !slices.Equal(trail, []timeline.Ref{timeline.MakeRef(1, 0)}) {
			t.Errorf("trail of %s: %v, %v", what, trail, err)
		}
	}
	var names names // of the payload
	names.walk(reflect.ValueOf(e.Data))
	for _, id := range names.persons {
		p, err := r.Person(t.Context(), id, timeline.Head)
		if err != nil {
			p = new(timeline.Person)
		}
		inTrail(fmt.Sprint("person ", id), p.Trail(), err)
	}
	for _, name := range names.posts {
		p, err := r.Post(t.Context(), name, timeline.Head)
		if err != nil {
			p = new(timeline.Post)
		}
		inTrail("post "+name, p.Trail(), err)
	}
	about, err := r.SubjectsOf(t.Context(), timeline.MakeRef(1, 0))
	if err != nil {
		t.Error(err)
	}
	for _, s := range about {
		if s.Kind == timeline.OfPlan {
			n++
		}
	}
	var agency []timeline.Ref
	err = r.AgencyEvents(t.Context(), e.Agency(), 0, timeline.Head, func(ref timeline.Ref) bool {
		agency = append(agency, ref)
		return true
	})
	if err != nil || !slices.Equal(agency, []timeline.Ref{timeline.MakeRef(1, 0)}) {
		t.Errorf("trail of agency %s: %v, %v", e.Agency(), agency, err)
	}
	return n
}

// names are the persons that a payload names in any of its fields, and the posts that
// it is about as a whole. A post that one line of many names, as pay lines do, is a fact
// of the person of the line, and no fact of the post.
type names struct {
	persons []uuid.UUID
	posts   []string
}

func (n *names) walk(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[events.Person]():
		if id := v.Interface().(events.Person); id != (events.Person{}) && !slices.Contains(n.persons, id) { // zero is nobody
			n.persons = append(n.persons, id)
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		n.walk(v.Elem())
	case v.Kind() == reflect.Slice:
		posts := n.posts
		for i := range v.Len() {
			n.walk(v.Index(i))
		}
		n.posts = posts
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Name == "Post" && f.Type.Kind() == reflect.String {
				n.posts = append(n.posts, v.Field(i).String())
			} else if f.IsExported() {
				n.walk(v.Field(i))
			}
		}
	}
}
