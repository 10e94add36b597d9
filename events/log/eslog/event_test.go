package eslog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
)

// Goal: event ids never change, since a retry is recognised by them, also by a later
// version of this package.
func TestEventIDs(t *testing.T) {
	ids := newIDGenerator("placement", "0190b0a5-7c1e-7a3b-9d0e-3f2a1b4c5d6e")
	if got, want := ids.eventID(7), uuid.NewSHA1(namespace, []byte("placement/0190b0a5-7c1e-7a3b-9d0e-3f2a1b4c5d6e/7")); got != want {
		t.Errorf("event 7: %v, want the version 5 UUID %v", got, want)
	}
	for i, want := range map[int]string{
		0:   "b0733ab7-619f-5aa4-a9bd-cad90a43e0ee",
		999: "2b837f08-8e07-5034-9ef6-f18f460ccac1",
	} {
		if got := ids.eventID(i); got.String() != want {
			t.Errorf("event %d: %v, want %s", i, got, want)
		}
	}
	seen := map[uuid.UUID]string{}
	for _, boundary := range []string{"a", "a.b", "b"} {
		for _, commit := range []string{"1", "1/1", "11", "a/1"} {
			ids := newIDGenerator(boundary, commit)
			for i := range 20 {
				name := fmt.Sprint(boundary, " ", commit, " ", i)
				if other, ok := seen[ids.eventID(i)]; ok {
					t.Errorf("%q and %q have one id", name, other)
				}
				seen[ids.eventID(i)] = name
			}
		}
	}
}

// Goal: every commit that package log allows fits into one append, whatever the
// length of its ID and types.
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
	var types typeFinder
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
		if got := types.find([]byte(event)); got != want {
			t.Errorf("%s: %q, want %q", event, got, want)
		}
	}
}

// Goal: metadata is read as JSON, on the fast and on the slow path.
func TestLabel(t *testing.T) {
	for text, want := range map[string]eventMetadata{
		`{"index":1,"count":2}`:                   {Index: 1, Count: 2},
		`{"index":999,"count":1000}`:              {Index: 999, Count: 1000},
		`{ "count": 2, "index": 1 }`:              {Index: 1, Count: 2},
		`{"index":1,"count":2,"other":true}`:      {Index: 1, Count: 2},
		`{"index":0,"count":1,"commit":"x"}`:      {Commit: "x", Count: 1},
		`{"index":12345,"count":67890}`:           {Index: 12345, Count: 67890},
		`{"count":2}`:                             {Index: -1, Count: 2},
		`{"index":1}`:                             {Index: 1},
		`{"index":1,"count":2,"commit":"\u6d4e"}`: {Index: 1, Count: 2, Commit: "济"},
		`{"index":0,"count":1,"commit":"x","recorded":"2022-05-01T00:30:00.000000001Z"}`: {Commit: "x", Count: 1, Recorded: time.Date(2022, 5, 1, 0, 30, 0, 1, time.UTC)},
	} {
		var got eventMetadata
		if err := got.parse([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{``, `{}x`, `{"index":1,"count":2}}`, `{"index":1,"count":2`, `{"index":01,"count":2}`, `{"index":,"count":2}`, `{"index":"1","count":2}`, `[1,2]`} {
		var got eventMetadata
		if err := got.parse([]byte(text)); err == nil {
			t.Errorf("%s: %+v, want an error", text, got)
		}
	}
	for _, m := range []eventMetadata{{Commit: `"id"`, Count: 3}, {Index: 2, Count: 3}, {Commit: "x", Count: 1, Recorded: time.Date(2022, 5, 1, 0, 30, 0, 1, time.UTC)}} {
		b, err := m.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got eventMetadata
		if err := got.parse(b); err != nil || got != m {
			t.Errorf("%s: %+v, %v; want %+v", b, got, err, m)
		}
	}
}
