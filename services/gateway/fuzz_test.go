package gateway

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// A file of agencies that is taken can be written out and taken again, as the
// same one.
func FuzzReadAuth(f *testing.F) {
	f.Add(`{"agencies":[{"name":"bank","division":""}]}`)
	f.Add(`{"agencies":[{"name":"a-1","token_sha256":"` + hashOf("x") + `","division":"370211","services":["hire"],"record":true,"import":true,"reveal":true}]}`)
	f.Add(`{"agencies":[{"name":"a","division":"37"},{"name":"a","division":"37"}]}`)
	f.Add(`{"agencies":[{"name":"A","division":"3"}],"more":1}`)
	f.Add(`{"agencies":[{"name":"b","nkey":"UDSU7CL3RHKZEDU2UCESAN63V7YX56NSSUXEVLTNKSTF7BUWRB2JYGKS","division":"37"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ReadAuth(strings.NewReader(text))
		if err != nil {
			return
		}
		b, err := json.Marshal(agencyFile{a.Agencies()})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadAuth(bytes.NewReader(b))
		if err != nil || len(again.callers) != len(a.callers) || len(again.tokens) != len(a.tokens) {
			t.Errorf("%s: %v", b, err)
		}
	})
}

// What brings its recorded time along is, without it, what it would have been.
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
