package eslog

import (
	"testing"

	"github.com/go-json-experiment/json"
)

// FuzzLabel checks that the fast parser of metadata agrees with the JSON library.
func FuzzLabel(f *testing.F) {
	for _, s := range []string{`{"index":0,"count":1}`, `{"index":12,"count":1000}`, `{"index":01,"count":1}`, `{"count":3,"index":2}`, `{}`, `[`, ``} {
		f.Add([]byte(s))
	}
	if b, err := (eventMetadata{Index: 3, Count: 17}).append(nil); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, want := eventMetadata{}, eventMetadata{Index: -1}
		if err := got.parse(b); err != nil {
			return
		}
		if err := json.Unmarshal(b, &want); err != nil || got != want {
			t.Fatalf("%q is %+v, the library says %+v, %v", b, got, want, err)
		}
	})
}
