package rules

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/eligibility"
	"github.com/muster-works/muster/services/internal/snapshot"
)

func adopt(id, jurisdiction, from, version string) *events.Event {
	return &events.Event{ID: id, Source: "/agency/local", Type: events.PolicyAdoptedType, Data: &events.PolicyAdopted{
		Pack: policy.Pack{Version: version, Jurisdiction: jurisdiction, ValidFrom: civil.MustDate(from)}}}
}

func replacing(e *events.Event, id string) *events.Event { e.Replaces = id; return e }

func withdraw(id, of string) *events.Event {
	return &events.Event{ID: id, Source: "/agency/local", Type: events.EventWithdrawnType,
		Data: &events.EventWithdrawn{Of: events.PolicyAdoptedType, ID: of, Reason: "a mistake"}}
}

// inForce returns the version in force in a village of 370211 on 2024-06-01.
func inForce(s *State) string {
	if p := s.InForce("370211102231", civil.MustDate("2024-06-01")); p != nil {
		return p.Version
	}
	return ""
}

// Each event is applied, undone and applied again. The undo must restore the pack in force.
func TestApply(t *testing.T) {
	s := New()
	for _, c := range []struct {
		event *events.Event
		want  string
	}{
		{adopt("1", "37", "2021-01-01", "province"), "province"},
		{adopt("2", "370211", "2024-02-01", "county"), "county"},
		{adopt("3", "37", "2023-01-01", "province-2"), "county"},
		{adopt("4", "370211", "2024-07-01", "later"), "county"},
		{adopt("5", "370102", "2024-02-01", "elsewhere"), "county"},
		{replacing(adopt("6", "370211", "2024-02-01", "county-b"), "2"), "county-b"},
		{withdraw("7", "6"), "province-2"},
		{withdraw("8", "3"), "province"},
		{withdraw("9", "10"), "province"}, // comes before the event it withdraws
		{adopt("10", "370211", "2024-02-01", "withdrawn"), "province"},
		{withdraw("11", "1"), ""},
	} {
		before := inForce(s)
		s.Begin()
		command.Apply(s, c.event)
		if got := inForce(s); got != c.want {
			t.Errorf("after %s: %q in force, want %q", c.event.ID, got, c.want)
		}
		s.Rollback()
		if got := inForce(s); got != before {
			t.Errorf("after the undo of %s: %q in force, want %q", c.event.ID, got, before)
		}
		command.Apply(s, c.event)
		if got := inForce(s); got != c.want {
			t.Errorf("after %s again: %q in force, want %q", c.event.ID, got, c.want)
		}
	}
	for version, want := range map[string]bool{"county": true, "withdrawn": true, "unheard": false} {
		if got := s.Adopted(version); got != want {
			t.Errorf("Adopted(%q) = %v", version, got)
		}
	}
}

// The conditions are those of the pack in force. Nobody meets the conditions of a pack that
// cannot be compiled.
func TestEligibility(t *testing.T) {
	asking := func(e *events.Event, when string) *events.Event {
		e.Data.(*events.PolicyAdopted).Eligibility = []policy.Condition{{Code: "c", When: when, Detail: "must be so"}}
		return e
	}
	s := New()
	for _, c := range []struct {
		event   *events.Event
		refused bool
	}{
		{adopt("1", "37", "2021-01-01", "asks nothing"), false},
		{asking(adopt("2", "370211", "2024-01-01", "met"), "post.area == 'rural'"), false},
		{asking(adopt("3", "370211", "2024-01-01", "not met"), "post.area == 'urban'"), true},
		{asking(adopt("4", "370211", "2024-01-01", "met again"), "true"), false},
		{asking(adopt("5", "370211", "2024-01-01", "broken"), "true +"), true},
		{withdraw("6", "5"), false},
	} {
		command.Apply(s, c.event)
		pack := s.InForce("370211102231", civil.MustDate("2024-06-01"))
		if got := s.Eligibility(pack).Refuse(eligibility.Facts{Area: "rural"}); (got != nil) != c.refused {
			t.Errorf("after %s, by %s: %v", c.event.ID, pack.Version, got)
		}
	}
	if got := s.Eligibility(&policy.Pack{}).Refuse(eligibility.Facts{}); got != nil {
		t.Errorf("a pack that was never adopted: %v", got)
	}
}

// A state that is saved and loaded has the same packs, in force and adopted, and the same
// conditions, including those that nobody meets.
func TestSaved(t *testing.T) {
	s := New()
	odd := adopt("4", "370211", "2024-05-01", "odd")
	odd.Data.(*events.PolicyAdopted).Eligibility = []policy.Condition{{Code: "c", When: "no such thing", Detail: "must be so"}}
	reference, err := policy.Reference()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*events.Event{
		events.Adoption(reference), adopt("1", "37", "2021-01-01", "province"), adopt("2", "370211", "2024-02-01", "county"), withdraw("3", "2"), odd,
	} {
		e.ID += "x"
		command.Apply(s, e)
	}
	var b bytes.Buffer
	w := snapshot.NewWriter(&b)
	s.Save(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, r := New(), snapshot.NewReader(&b)
	become := got.Load(r, uint32(s.Len()))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	become()
	if len(got.adopted) != len(s.adopted) {
		t.Fatalf("%d packs, want %d", len(got.adopted), len(s.adopted))
	}
	for i, a := range s.adopted {
		if g := got.adopted[i]; g.number != a.number || g.superseded != a.superseded || asJSON(t, g.pack) != asJSON(t, a.pack) {
			t.Errorf("pack %d is %d %v %s, want %d %v %s", i, g.number, g.superseded, asJSON(t, g.pack), a.number, a.superseded, asJSON(t, a.pack))
		}
	}
	for _, at := range []string{"2024-06-01", "2024-03-01", "2022-06-01"} {
		on := civil.MustDate(at)
		a, b := s.InForce("370211102231", on), got.InForce("370211102231", on)
		if asJSON(t, a) != asJSON(t, b) {
			t.Errorf("on %s %s is in force, want %s", at, asJSON(t, b), asJSON(t, a))
		}
		asked := eligibility.Facts{Area: "rural"}
		if a != nil && !reflect.DeepEqual(s.Eligibility(a).Refuse(asked), got.Eligibility(b).Refuse(asked)) {
			t.Errorf("on %s others are eligible", at)
		}
	}
}

func asJSON(t *testing.T, p *policy.Pack) string {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// FuzzLoad checks that a snapshot of any content is refused, or gives a state that can be
// asked and changed.
func FuzzLoad(f *testing.F) {
	saved := func(save func(*snapshot.Writer)) *bytes.Buffer {
		var b bytes.Buffer
		w := snapshot.NewWriter(&b)
		save(w)
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		return &b
	}
	sample := New()
	for _, e := range []*events.Event{adopt("1", "37", "2021-01-01", "province"), adopt("2", "370211", "2024-02-01", "county"), withdraw("3", "2")} {
		command.Apply(sample, e)
	}
	b := saved(sample.Save).Bytes()
	f.Add(b[24 : len(b)-8]) // the values of the frame
	f.Fuzz(func(t *testing.T, values []byte) {
		s, r := New(), snapshot.NewReader(saved(func(w *snapshot.Writer) { w.Bytes(values) }))
		become := s.Load(r, uint32(sample.Len()))
		if r.Close() != nil {
			return
		}
		become()
		before := inForce(s)
		s.Begin()
		command.Apply(s, adopt("4", "370211", "2024-01-01", "another"))
		if p := s.InForce("370211102231", civil.MustDate("2024-01-01")); p != nil {
			s.Eligibility(p).Refuse(eligibility.Facts{Area: "rural"})
		}
		s.Rollback()
		if got := inForce(s); got != before {
			t.Errorf("%q in force, then %q", before, got)
		}
	})
}
