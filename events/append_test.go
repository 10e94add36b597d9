package events_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// Goal: Append writes the same bytes as the JSON library writes by the tags of the
// structs, and fails on an event if the library fails on it.
// Method: random events of every type are written in both ways.
func TestAppend(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	failed := 0
	for range 20_000 {
		e := anyEvent(r)
		got, err := e.Append([]byte("before"))
		want, wantErr := events.Marshal(e)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%+v %+v: %v, the library says %v", e, e.Data, err, wantErr)
		}
		if err != nil {
			failed++
			continue
		}
		if got, ok := bytes.CutPrefix(got, []byte("before")); !ok || !bytes.Equal(got, want) {
			t.Fatalf("written as\n%s\nthe library writes\n%s", got, want)
		}
	}
	if failed == 0 {
		t.Error("no text that is not UTF-8 came up")
	}
}

// Goal: the fast path of Submission reads every submission in the canonical form
// whose type has a generated reader, and accepts nothing that the slow path refuses.
// Method: golden submissions, whole and changed, are read in both ways.
func TestCanonicalSubmission(t *testing.T) {
	known := map[events.Type]bool{}
	for _, raw := range read(t, "submission") {
		e, err := events.Submission(raw)
		if err != nil {
			t.Fatal(err)
		}
		line := must(e.Append(nil))
		if quickly(t, line) != scanned(e.Type) || quickly(t, append([]byte(" "), append(line, "\r\n"...)...)) != scanned(e.Type) {
			t.Errorf("%s is taken at once: %v\n%s", e.Type, !scanned(e.Type), line)
		}
		known[e.Type] = true
		edit(t, line, func(_ string, parent map[string]any, member string, whole func() []byte) {
			old := parent[member]
			for _, v := range []any{nil, "", "é", "2022-02-30", 1.5, -1, 1e20, true, []any{}, map[string]any{}, "370211196501010014"} {
				parent[member] = v
				quickly(t, whole())
				if e, err := events.Decode(whole()); err == nil {
					quickly(t, must(e.Append(nil)))
				}
			}
			parent[member] = old
		})
		for _, without := range removals(t, line) {
			quickly(t, without)
			if e, err := events.Decode(without); err == nil {
				quickly(t, must(e.Append(nil)))
			}
		}
	}
	for _, typ := range events.Types() {
		if scanned(typ) && typ.Family() != events.Gateway && !known[typ] {
			t.Errorf("no submission of %s", typ)
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for range 5_000 {
		if raw, err := anyEvent(r).Append(nil); err == nil {
			quickly(t, raw)
		}
	}
}

// Goal: an Event from Submission shares no memory with the text it was read from.
// Method: the text is overwritten after it was read.
func TestSubmissionOwnsItsTexts(t *testing.T) {
	raw := must(submitted(records(t)["attendance.reported"]).Append(nil))
	want := bytes.Clone(raw)
	e, err := events.Submission(raw)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if got := must(e.Append(nil)); !bytes.Equal(got, want) {
		t.Errorf("it became\n%s", got)
	}
}

var texts = []string{
	"", "", "", "p", "370211102231-001", "岗前培训", "é\u0301 \u2028 \U0001f600", `say "no" \ twice`, "<&>", "\x00\n\t\x7f", "1234567", "12345678", "1234567\"",
}

// anyEvent returns a random event of a random type. Most of its fields hold a random
// value of their Go type.
func anyEvent(r *rand.Rand) *events.Event {
	types := events.Types()
	t := types[r.IntN(len(types))]
	data := events.New(t)
	anything(r, reflect.ValueOf(data).Elem())
	e := &events.Event{Data: data}
	anything(r, reflect.ValueOf(e).Elem())
	e.Type, e.Data = t, data
	return e
}

func anything(r *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		if r.IntN(2) == 0 {
			at := time.Unix(r.Int64N(4e9), r.Int64N(1e9)).In(time.FixedZone("", int(r.Int64N(36_000)/60*60)))
			v.Set(reflect.ValueOf(at))
		}
		return
	case civil.Date:
		v.SetInt([]int64{0, int64(day("1965-02-28")), int64(day("2199-12-31"))}[r.IntN(3)])
		return
	case civil.Month:
		v.SetInt([]int64{0, int64(month("1965-02")), int64(month("2199-12"))}[r.IntN(3)])
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))])
		if r.IntN(2000) == 0 {
			v.SetString("not \xff UTF-8")
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt([]int64{0, 0, 1, -1, 80_000, math.MaxInt32, math.MinInt32}[r.IntN(7)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Array: // a pseudonym
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(r.IntN(256)))
		}
		if r.IntN(3) == 0 {
			v.SetZero()
		}
	case reflect.Struct:
		for i := range v.NumField() {
			anything(r, v.Field(i))
		}
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			anything(r, v.Elem())
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
			for i := range n - 1 {
				anything(r, v.Index(i))
			}
		}
	}
}
