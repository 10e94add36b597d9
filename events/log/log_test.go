package log_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	json "github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"github.com/muster-works/muster/events/log"
)

func TestPositionOrder(t *testing.T) {
	ordered := []log.Position{
		{}, log.At(1, 0), log.At(1, 0).Event(1), log.At(1, 0).Event(999), log.At(1, 1), log.At(1, 7).Event(2),
		log.At(2, 0), log.At(10, 0), log.At(1<<63, 1<<63).Event(1),
	}
	for i, p := range ordered {
		for j, q := range ordered {
			if got, want := p.Compare(q), compare(i, j); got != want {
				t.Errorf("%s compared to %s: %d, want %d", p, q, got, want)
			}
		}
		if got, err := log.ParsePosition(p.String()); err != nil || got != p {
			t.Errorf("%s parsed: %s, %v", p, got, err)
		}
		if p.Commit().Index() != 0 || p.Commit().Compare(p) > 0 {
			t.Errorf("commit of %s is %s", p, p.Commit())
		}
		if p.IsZero() != (i == 0) {
			t.Errorf("%s: zero %v", p, p.IsZero())
		}
	}
}

func TestPositionShare(t *testing.T) {
	for _, test := range []struct {
		p, head log.Position
		want    float64
	}{
		{log.Position{}, log.Position{}, 1}, {log.Position{}, log.At(8, 0), 0}, {log.At(2, 0).Event(7), log.At(8, 0), 0.25},
		{log.At(8, 5), log.At(8, 5), 1}, {log.At(9, 0), log.At(8, 0), 1}, {log.At(1<<63, 0), log.At(1<<64-1, 0), 0.5},
	} {
		if got := test.p.Share(test.head); got != test.want {
			t.Errorf("%s of %s: %v, want %v", test.p, test.head, got, test.want)
		}
	}
}

func compare(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

func TestPositionText(t *testing.T) {
	for text, want := range map[string]log.Position{
		"0-0": {}, "17-0": log.At(17, 0), "17": log.At(17, 0), "17-3": log.At(17, 0).Event(3),
		"17.18-3": log.At(17, 18).Event(3), "18446744073709551615-4294967295": log.At(1<<64-1, 0).Event(1<<32 - 1),
	} {
		if got, err := log.ParsePosition(text); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "a", "1-", "-1", "1-b", "1.-0", "1.2.3-0", "1-0-0", " 1-0", "1-4294967296", "18446744073709551616-0"} {
		if got, err := log.ParsePosition(text); err == nil || !strings.Contains(err.Error(), "COMMIT-INDEX") {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	b, err := json.Marshal(map[string]log.Position{"position": log.At(17, 0).Event(3)})
	if err != nil || string(b) != `{"position":"17-3"}` {
		t.Errorf("%s, %v", b, err)
	}
	var back map[string]log.Position
	if err := json.Unmarshal(b, &back); err != nil || back["position"] != log.At(17, 0).Event(3) {
		t.Errorf("%v, %v", back, err)
	}
}

// Goal: recorded time never decreases, and continues after Resume.
// Method: timestamps that step back.
func TestClock(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2022, 5, 10, 0, 0, s, 0, time.UTC) }
	var k log.Clock
	var got []int
	for _, s := range []int{5, 7, 3, 7, 6, 9} {
		got = append(got, k.Recorded(log.Commit{Recorded: at(s)}).Second())
	}
	if want := []int{5, 7, 7, 7, 7, 9}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	k = log.Resume(at(7))
	if r := k.Recorded(log.Commit{Recorded: at(6)}); !r.Equal(at(7)) {
		t.Errorf("resumed at 7, then %v", r)
	}
}

// Goal: a batch returns the bytes that were encoded, has the computed size, and is a
// JSON array.
// Method: random events.
func TestBatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []byte {
			b, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "members"))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}), 1, 30).Draw(t, "events")
		b := log.EncodeBatch(events)
		if len(b) != log.BatchSize(events) {
			t.Fatalf("%d bytes, foretold %d", len(b), log.BatchSize(events))
		}
		got, err := log.DecodeBatch(b)
		if err != nil || !slices.EqualFunc(got, events, bytes.Equal) {
			t.Fatalf("%q, %v; want %q", got, err, events)
		}
		for i, e := range got {
			if len(e) != cap(e) {
				t.Fatalf("event %d could grow into the next one", i)
			}
		}
		var array []map[string]string
		if err := json.Unmarshal(b, &array); err != nil || len(array) != len(events) {
			t.Fatalf("as JSON: %d, %v", len(array), err)
		}
	})
}

func TestCheck(t *testing.T) {
	event := []byte(`{}`)
	for boundary, ok := range map[string]bool{
		"placement": true, "fund.1": true, "a": true, "a-b_c.0": true, strings.Repeat("a", 64): true,
		"": false, "A": false, ".a": false, "a.": false, "a..b": false, "a b": false, "a*": false, ">": false, "é": false, strings.Repeat("a", 65): false,
	} {
		if err := (log.Commit{ID: "x", Boundary: boundary, Events: [][]byte{event}}).Check(); (err == nil) != ok || err != nil && !errors.Is(err, log.ErrInvalid) {
			t.Errorf("boundary %q: %v", boundary, err)
		}
	}
	for id, ok := range map[string]bool{
		"x": true, "烟台-01": true, strings.Repeat("x", 128): true,
		"": false, "a b": false, "a\n": false, "a\u00a0b": false, "\xff": false, "\x00": false, strings.Repeat("x", 129): false,
	} {
		if err := (log.Commit{ID: id, Boundary: "a", Events: [][]byte{event}}).Check(); (err == nil) != ok || err != nil && !errors.Is(err, log.ErrInvalid) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

func BenchmarkDecodeBatch(b *testing.B) {
	events := make([][]byte, log.MaxEvents)
	for i := range events {
		events[i] = fmt.Appendf(nil, `{"a":%d,"b":"%s"}`, i, strings.Repeat("y", 170))
	}
	batch := log.EncodeBatch(events)
	b.SetBytes(int64(len(batch)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := log.DecodeBatch(batch); err != nil {
			b.Fatal(err)
		}
	}
}
