package events_test

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// FuzzSubmission checks that a submission is either accepted and becomes a record
// with the same content, or refused with reasons.
func FuzzSubmission(f *testing.F) {
	for _, folder := range []string{"submission", "record"} {
		for _, raw := range read(f, folder) {
			f.Add(raw)
		}
	}
	f.Add([]byte(`{"specversion":"1.0","id":"\u00e9","source":"\ud83d\ude00","type":"post.closed","time":"2022-05-01T09:00:00,5-23:59","data":{"post":"é\u0301","on":"2199-12-31"}}`))
	f.Add([]byte(`{"data":{"post":"p","on":"2022-01-01"},"type":"post.closed","source":"s","id":"i","specversion":"1.0"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := events.Submission(raw)
		quickly(t, raw)
		if e == nil || !utf8.ValidString(e.ID) || !utf8.ValidString(e.Source) {
			t.Fatalf("an answer cannot name %+v", e)
		}
		if err == nil {
			survives(t, e)
			return
		}
		var reasons events.Reasons
		if !errors.As(err, &reasons) || len(reasons) == 0 {
			t.Fatalf("refused without reasons: %v", err)
		}
		readable(t, "fuzz", reasons)
		if idnumber.In(err.Error()) {
			t.Errorf("the refusal repeats an identity number: %v", err)
		}
		if _, err := json.Marshal(events.Reject(e, reasons)); err != nil {
			t.Errorf("the receipt cannot be written: %v", err)
		}
	})
}

// quickly checks that the fast path of Submission gives the same result as the slow
// path if it accepts raw. It reports whether the fast path accepts raw.
func quickly(t *testing.T, raw []byte) bool {
	t.Helper()
	fast := events.CanonicalSubmission(raw)
	if fast == nil {
		return false
	}
	e, err := events.AnySubmission(raw)
	if err != nil || !same(fast, e) {
		t.Fatalf("taken at once as\n%+v %+v\nelse as\n%+v %+v, %v\n%s", fast, fast.Data, e, e.Data, err, raw)
	}
	return true
}

// FuzzDecode checks that a record that Decode accepts survives writing and reading,
// and that reading in one pass and reading in two passes agree.
func FuzzDecode(f *testing.F) {
	for _, folder := range []string{"record", "submission"} {
		for _, raw := range read(f, folder) {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := events.Decode(raw)
		if err == nil {
			survives(t, e)
		}
		if jsontext.Value(raw).Kind() != '{' || !jsontext.Value(raw).IsValid() {
			return
		}
		turned := arranged(t, raw, true)
		other, otherErr := events.Decode(turned)
		if (err == nil) != (otherErr == nil) || err == nil && !same(e, other) {
			t.Errorf("with the data first:\n%+v, %v\nas it stands:\n%+v, %v", other, otherErr, e, err)
		}
	})
}

// survives checks that e is written as one line of UTF-8 and read back unchanged.
func survives(t *testing.T, e *events.Event) {
	t.Helper()
	b, err := e.Append([]byte("before"))
	if err != nil {
		t.Fatalf("accepted and cannot be written: %v", err)
	}
	line, ok := bytes.CutPrefix(b, []byte("before"))
	if !ok || bytes.ContainsAny(line, "\r\n") || !utf8.Valid(line) {
		t.Fatalf("not one line of UTF-8 behind what was there: %q", b)
	}
	if library := must(events.Marshal(e)); !bytes.Equal(line, library) {
		t.Fatalf("written as\n%s\nthe library writes\n%s", line, library)
	}
	back, err := events.Decode(line)
	if err != nil {
		t.Fatalf("%v: cannot read back %s", err, line)
	}
	if !same(back, e) {
		t.Fatalf("came back as\n%+v\nwas\n%+v\n%s", back, e, line)
	}
	if again := must(back.Append(nil)); !bytes.Equal(again, line) {
		t.Fatalf("written as\n%s\nand then as\n%s", line, again)
	}
}
