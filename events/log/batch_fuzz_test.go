package log

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzDecodeBatch checks that the events of a batch that is accepted are encoded as
// the same bytes, so that none is lost, added or changed.
func FuzzDecodeBatch(f *testing.F) {
	f.Add([]byte(`[{"id":"1"}]`))
	f.Add([]byte("[{\"id\":\"1\"},\n{\"id\":\"2\"}]"))
	f.Add([]byte("[{},\n{}]\n"))
	f.Add([]byte("[{}\n,{}]"))
	f.Add([]byte("[{},\n]"))
	f.Add([]byte("[]"))
	f.Add([]byte("["))
	f.Add([]byte("[{]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := DecodeBatch(b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) || events != nil {
				t.Errorf("%d events, %v", len(events), err)
			}
			return
		}
		if got := EncodeBatch(events); !bytes.Equal(got, b) || BatchSize(events) != len(b) {
			t.Fatalf("%q came back as %q, size %d", b, got, BatchSize(events))
		}
		c := Commit{ID: "c", Boundary: "hire", Events: events}
		if err := c.Check(); err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%q cannot be appended again: %v", b, err)
		}
		for _, e := range events {
			before := bytes.Clone(b)
			if _ = append(e, '!'); !bytes.Equal(b, before) {
				t.Fatal("appending to an event overwrites the next")
			}
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	for _, s := range []string{"0-0", "17-0", "17", "17.4-3", "18446744073709551615.18446744073709551615-4294967295", "18446744073709551616-0", "1-4294967296", "+1-0", "-1", "1.-0", "1-0-0", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePosition(s)
		if err != nil {
			if !p.IsZero() {
				t.Errorf("ParsePosition(%q) = %v beside an error", s, p)
			}
			return
		}
		back, err := ParsePosition(p.String())
		if err != nil || back != p || back.Compare(p) != 0 {
			t.Fatalf("ParsePosition(%q) prints %s, read as %v, %v", s, p, back, err)
		}
		if p.Commit().Compare(p) > 0 || p.Commit().Event(p.Index()) != p {
			t.Errorf("%v lies outside its commit %v", p, p.Commit())
		}
		text, err := p.MarshalText()
		var read Position
		if err != nil || read.UnmarshalText(text) != nil || read != p {
			t.Errorf("%v as text %s, %v: %v", p, text, err, read)
		}
	})
}
