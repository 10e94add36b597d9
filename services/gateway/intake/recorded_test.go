package intake

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestTakeRecorded(t *testing.T) {
	for _, test := range []struct{ in, out string }{
		{`{"recordedtime":"2022-05-01T00:00:00Z","a":1}`, `{"a":1}`},
		{`{"a":1,"recordedtime":"2022-05-01T00:00:00Z"}`, `{"a":1}`},
		{`{ "a" : 1 , "recordedtime" : "2022-05-01T00:00:00Z" , "b":{"recordedtime":2} }`, `{"a":1,"b":{"recordedtime":2}}`},
		{` {"recordedtime":"2022-05-01T00:00:00Z"} `, `{}`},
		{`{"recordedtime":"2022-05-01T00:00:00Z","recordedtime":"x"}`, `{"recordedtime":"x"}`},
	} {
		rest, at, refused := takeRecorded([]byte(test.in))
		if got := strings.ReplaceAll(string(rest), " ", ""); got != test.out || refused != nil || at.Year() != 2022 {
			t.Errorf("%s became %s, %v, %v", test.in, got, at, refused)
		}
	}
}

// Goal: without its recorded time an event of an import is what it would have
// been without an import. Method: the members before and after are compared.
func FuzzTakeRecorded(f *testing.F) {
	for _, s := range []string{
		`{"recordedtime":"2022-05-01T00:00:00Z","id":"1"}`, `{"id":"1","recordedtime":"2022-05-01T00:00:00Z"}`, `{ "a":{"recordedtime":1} , "recordedtime":"x" }`,
		`{"recordedtime":"2022-05-01T00:00:00Z"}`, `{"id":1}`, `[`, `{"recordedtime"`, `{"recordedtime":"2022-05-01T00:00:00Z","recordedtime":"2023-05-01T00:00:00Z"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		rest, recorded, refused := takeRecorded(raw)
		var before, after map[string]any
		if json.Unmarshal(raw, &before) != nil {
			return // the contract refuses it
		}
		if err := json.Unmarshal(rest, &after); err != nil {
			t.Fatalf("%s became %s: %v", raw, rest, err)
		}
		_, had := before["recordedtime"]
		delete(before, "recordedtime")
		if len(after) != len(before) || !had && refused == nil || refused == nil && recorded.IsZero() && before != nil {
			t.Errorf("%s became %s at %s, refused %v", raw, rest, recorded, refused)
		}
		for name := range before {
			if _, ok := after[name]; !ok {
				t.Errorf("%s became %s", raw, rest)
			}
		}
	})
}
