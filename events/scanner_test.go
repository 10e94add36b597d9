package events_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
)

// leftToLibrary lists the types that a Scanner leaves to Decode, with the reason.
var leftToLibrary = map[events.Type]string{
	events.PolicyAdoptedType:      "a policy pack is large and rare",
	events.SubmissionsTalliedType: "it holds instants and a map",
}

// scanned reports whether a Scanner reads a type without Decode.
func scanned(t events.Type) bool { return leftToLibrary[t] == "" }

// agrees checks that a Scanner that is used again and again gives the result of
// Decode.
func agrees(t *testing.T, s *events.Scanner, raw []byte) {
	t.Helper()
	want, wantErr := events.Decode(raw)
	got, err := s.Scan(raw)
	switch {
	case fmt.Sprint(err) != fmt.Sprint(wantErr):
		t.Errorf("scanned with error %v, Decode says %v\n%s", err, wantErr, raw)
	case err == nil && !same(got, want):
		t.Errorf("scanned as\n%+v %+v\ndecoded as\n%+v %+v\n%s", got, got.Data, want, want.Data, raw)
	}
}

// Goal: a Scanner reads any record as Decode reads it, and reads the types that are
// not in leftToLibrary without Decode.
// Method: members of golden records are reordered, removed and replaced.
func TestScanner(t *testing.T) {
	var s events.Scanner
	goldens := read(t, "record")
	for _, name := range slices.Sorted(maps.Keys(goldens)) {
		raw := goldens[name]
		agrees(t, &s, raw)
		e, err := events.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if s.Knows(raw) != scanned(e.Type) {
			t.Errorf("%s: the Scanner reads it by itself: %v", name, s.Knows(raw))
		}
		agrees(t, &s, arranged(t, raw, true))
		agrees(t, &s, arranged(t, raw, false))
		for _, without := range removals(t, raw) {
			agrees(t, &s, without)
			if e, err := events.Decode(without); err == nil {
				agrees(t, &s, must(e.Append(nil)))
			}
		}
		edit(t, raw, func(_ string, parent map[string]any, member string, whole func() []byte) {
			old := parent[member]
			for _, v := range []any{nil, "", "é", "\"\\\n", " ", "2022-02-30", 1.5, -1, 1e20, true, false, []any{}, map[string]any{}} {
				parent[member] = v
				agrees(t, &s, whole())
				if e, err := events.Decode(whole()); err == nil {
					agrees(t, &s, must(e.Append(nil)))
				}
			}
			parent[member] = old
		})
	}
}

// Goal: a Scanner reads without Decode what Append writes, whether the fields of the
// payload are filled or empty. If a type fails here, its payload is new or has
// changed: run go generate, or add the type to leftToLibrary with the reason.
// Method: filled and empty payloads of every type are written and scanned.
func TestScannerReadsWhatAppendWrites(t *testing.T) {
	samples := records(t)
	for _, typ := range events.Types() {
		t.Run(string(typ), func(t *testing.T) {
			filled := samples[string(typ)]
			if filled == nil {
				t.Fatal("no sample with all fields filled")
			}
			empty := &events.Event{ID: "1", Source: "/agency/a", Type: typ, Data: events.New(typ)}
			var s events.Scanner
			for _, e := range []*events.Event{filled, empty} {
				raw := must(e.Append(nil))
				if s.Knows(raw) != scanned(typ) {
					t.Errorf("the Scanner reads it by itself: %v\n%s", !scanned(typ), raw)
				}
				agrees(t, &s, raw)
			}
		})
	}
}

// Goal: a damaged record is read or refused exactly as Decode does.
// Method: bytes of golden records are changed.
func TestScannerOfDamagedRecords(t *testing.T) {
	var s events.Scanner
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	goldens := read(t, "record")
	for _, name := range slices.Sorted(maps.Keys(goldens)) {
		raw := goldens[name]
		if len(raw) > 4000 {
			continue // the Scanner does not read policy packs
		}
		for range 3000 {
			b := slices.Clone(raw)
			for range 1 + r.IntN(3) {
				i, j := r.IntN(len(b)), r.IntN(len(raw))
				switch r.IntN(4) {
				case 0:
					b[i] = byte(r.IntN(256))
				case 1:
					b = slices.Delete(b, i, min(len(b), i+1+r.IntN(20)))
				case 2:
					b = slices.Insert(b, i, raw[j:min(len(raw), j+1+r.IntN(20))]...)
				case 3:
					b[i] = raw[j]
				}
				if len(b) == 0 {
					break
				}
			}
			agrees(t, &s, b)
		}
	}
}

// FuzzScanner searches for a record that the Scanner reads otherwise than Decode
// does.
func FuzzScanner(f *testing.F) {
	for _, folder := range []string{"record", "submission"} {
		for _, raw := range read(f, folder) {
			f.Add(raw)
		}
	}
	var s events.Scanner
	f.Fuzz(func(t *testing.T, raw []byte) { agrees(t, &s, raw) })
}

// Goal: strings of a scanned event stay valid after the next Scan.
// Method: strings are kept while other records are scanned.
func TestScannerKeepsTexts(t *testing.T) {
	var s events.Scanner
	goldens := read(t, "record")
	e, err := s.Scan(goldens["hire.placed"])
	if err != nil {
		t.Fatal(err)
	}
	id, post := e.ID, e.Data.(*events.HirePlaced).Post
	if _, err := s.Scan(goldens["post.developed"]); err != nil {
		t.Fatal(err)
	}
	if id != "id-hire.placed" || post != "370211102231-001" {
		t.Errorf("texts became %q and %q", id, post)
	}
}

// Goal: an attribute that equals that of the previous event still shares memory with
// its own record, since the memory of the previous record may be used for another
// one.
// Method: the previous record is overwritten.
func TestScannerOfAlike(t *testing.T) {
	var s events.Scanner
	golden := read(t, "record")["hire.placed"]
	want, err := events.Decode(golden)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		raw := slices.Clone(golden)
		got, err := s.Scan(raw)
		if err != nil || !same(got, want) {
			t.Fatalf("scanned as\n%+v, %v, want\n%+v", got, err, want)
		}
		for i := range raw {
			raw[i] = 'x'
		}
		if got.Source == want.Source || got.Digest == want.Digest {
			t.Error("an attribute is not a part of its record")
		}
	}
}

func TestScannerAllocates(t *testing.T) {
	var s events.Scanner
	for name, raw := range read(t, "record") {
		if !s.Knows(raw) {
			continue
		}
		// The zone of the event's time is allocated by time.Parse.
		if n := testing.AllocsPerRun(100, func() { s.Knows(raw) }); n > 2 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Goal: a submission in the canonical form is read with few allocations: a copy of
// the text, the event with its payload, the lines, and the checker.
// Method: the allocations are counted.
func TestSubmissionAllocates(t *testing.T) {
	samples := records(t)
	for typ, most := range map[events.Type]float64{events.HirePlacedType: 3, events.AttendanceReportedType: 4} {
		raw := must(submitted(samples[string(typ)]).Append(nil))
		n := testing.AllocsPerRun(100, func() {
			if _, err := events.Submission(raw); err != nil {
				t.Fatal(err)
			}
		})
		if n > most {
			t.Errorf("%s: %v allocations, want at most %v", typ, n, most)
		}
	}
}
