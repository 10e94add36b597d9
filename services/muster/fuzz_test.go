package main

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzAnswer prints answers of any content in every format: each is printed or is an
// error.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"as_of":"2022-05-10","rows":[{"division":"37","headcount":1},{"kind":null}],"total":2}`, `{"rows":[1]}`, `{"rows":{}}`, `{"rows":[{"a":{"b":[1]}}]}`, `[`, `null`, `{"rows":[{}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := readAnswer(strings.NewReader(s), "rows")
		if err != nil {
			return
		}
		a.columns()
		a.take("total")
	})
}

// FuzzRequestLine submits lines of any content: a line stays as it is, except for the
// attribute that only an import may bring.
func FuzzRequestLine(f *testing.F) {
	for _, s := range []string{`{"recordedtime":"x","id":"1"}`, `{"id":"1","recordedtime":{"a":[]}}`, `{"recordedtime"`, ` {"a":"\"recordedtime\""} `, "\xff", `{"recordedtime":1,"recordedtime":2,"z":3}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if got := requestLine(line, true); !bytes.Equal(got, bytes.TrimSpace(line)) {
			t.Fatalf("an import changed %q to %q", line, got)
		}
		got := requestLine(bytes.Clone(line), false)
		if !bytes.Contains(line, []byte(`"recordedtime"`)) && !bytes.Equal(got, bytes.TrimSpace(line)) {
			t.Fatalf("%q became %q", line, got)
		}
		if again := requestLine(bytes.Clone(got), false); !bytes.Equal(got, again) {
			t.Fatalf("%q became %q, then %q", line, got, again)
		}
	})
}
