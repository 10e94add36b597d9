package command

import (
	"errors"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/log"
	"github.com/nats-io/nats.go/micro"
)

// FuzzRequest checks that whatever comes over NATS is either a request that can be
// carried out, or is refused as malformed.
func FuzzRequest(f *testing.F) {
	raw, err := take("1", "seat", 0).Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	two := log.EncodeBatch([][]byte{raw, raw})
	for _, s := range []string{"", "0", "2", "3", "-1", "x"} {
		f.Add("", s, two)
	}
	f.Add("2022-05-01T00:00:00Z", "", two)
	f.Add("yesterday", "", two)
	for _, s := range []string{"", "[", "[]", "{}", "[1]", `[{"id":1}]`} {
		f.Add("", "", []byte(s))
	}
	f.Fuzz(func(t *testing.T, imported, dryRun string, data []byte) {
		r, err := read(micro.Headers{importedHeader: {imported}, dryRunHeader: {dryRun}}, data)
		if err != nil {
			if !errors.Is(err, errRequest) {
				t.Errorf("%v is not called malformed", err)
			}
			return
		}
		if r.premises < 0 || r.premises > len(r.batch) || !r.dryRun && r.premises > 0 || r.imported.IsZero() != (imported == "") && imported[:4] != "0001" {
			t.Errorf("%+v", r)
		}
		for _, e := range r.batch {
			if e == nil || e.Data == nil {
				t.Fatalf("an event of nothing in %q", data)
			}
		}
	})
}

// FuzzMember checks that whatever a service on the NATS server answers is either a line
// of the roster that can be written as JSON, or is left out.
func FuzzMember(f *testing.F) {
	for _, s := range []string{`{"name":"muster-hire","id":"x","description":"decides"}`, `{"name":"other"}`, `{"name":1}`, `{"name":"muster-\xff"}`, "", "["} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, info []byte) {
		m, ok := member(info)
		if _, err := json.Marshal(m); ok && err != nil {
			t.Errorf("%q is listed as %+v: %v", info, m, err)
		}
	})
}
