package eslog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
)

// Ids are what makes a retry recognisable, also by a later version of this
// package: they never change.
func TestEventIDs(t *testing.T) {
	ids := newIdentity("placement", "0190b0a5-7c1e-7a3b-9d0e-3f2a1b4c5d6e")
	for i, want := range map[int]string{
		0:   "b0733ab7-619f-5aa4-a9bd-cad90a43e0ee",
		999: "2b837f08-8e07-5034-9ef6-f18f460ccac1",
	} {
		if got := ids.event(i); got.String() != want {
			t.Errorf("event %d: %v, want %s", i, got, want)
		}
	}
	seen := map[uuid.UUID]string{}
	for _, boundary := range []string{"a", "a.b", "b"} {
		for _, commit := range []string{"1", "1/1", "11", "a/1"} {
			ids := newIdentity(boundary, commit)
			for i := range 20 {
				name := fmt.Sprint(boundary, " ", commit, " ", i)
				if other, ok := seen[ids.event(i)]; ok {
					t.Errorf("%q and %q have one id", name, other)
				}
				seen[ids.event(i)] = name
			}
		}
	}
}

// Every commit that package log allows fits into one append, however long its
// id and types are.
func TestLargestCommitsFit(t *testing.T) {
	typ := strings.Repeat("t", maxType)
	event := `{"type":"` + typ + `","a":"` + strings.Repeat("x", log.MaxBytes/log.MaxEvents-2-len(`{"type":"","a":""}`)-maxType) + `"}`
	c := log.Commit{
		ID:       strings.Repeat(`"`, 128),
		Boundary: "attendance",
		Imported: time.Date(2022, 5, 1, 8, 30, 0, 123456789, time.UTC),
	}
	for range log.MaxEvents {
		c.Events = append(c.Events, []byte(event))
	}
	if size := log.BatchSize(c.Events); size < log.MaxBytes-log.MaxEvents || c.Check() != nil {
		t.Fatalf("%d bytes, not the largest commit: %v", size, c.Check())
	}
	events, err := encode(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := events[1].EventType; got != typ {
		t.Errorf("type %q, want %q", got, typ)
	}
}

func TestEventType(t *testing.T) {
	long := strings.Repeat("x", maxType)
	for event, want := range map[string]string{
		`{"type":"hire.placed"}`:                                       "hire.placed",
		`{"specversion":"1.0","type":"exit.recorded","data":{}}`:       "exit.recorded",
		`{"data":{"type":"inner","list":[{"type":1}]},"type":"outer"}`: "outer",
		`{"a":"\"type\":\"x\"","type":"y"}`:                            "y",
		`{"t\u0079pe":"escaped"}`:                                      "escaped",
		`{"type":"` + long + `"}`:                                      long,
		`{"type":"` + long + `x"}`:                                     plainType,
		`{"type":"$metadata"}`:                                         plainType,
		`{"type":"两实名"}`:                                               plainType,
		`{"type":""}`:                                                  plainType,
		`{"type":7}`:                                                   plainType,
		`{"data":{"type":"inner"}}`:                                    plainType,
		`{}`:                                                           plainType,
		`{no JSON}`:                                                    plainType,
		`{"type"}`:                                                     plainType,
	} {
		if got := eventType([]byte(event)); got != want {
			t.Errorf("%s: %q, want %q", event, got, want)
		}
	}
}
