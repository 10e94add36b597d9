package policy

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
)

// FuzzParse checks that a pack that Parse accepts is written and read again without a
// change.
func FuzzParse(f *testing.F) {
	f.Add(reference)
	f.Add(bytes.Replace(reference, []byte(`"months": 36`), []byte(`"months": -1`), 1))
	f.Add(bytes.Replace(reference, []byte(`"sources": [`), []byte(`"sources": [], "source": [`), 1))
	f.Add([]byte(`{"policy":"p","groups":[{}],"exits":{"codes":[{}]}}`))
	f.Add(county)
	f.Add(reference2025)
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			if p != nil {
				t.Errorf("a pack beside an error: %v", err)
			}
			return
		}
		first, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("accepted and cannot be written: %v", err)
		}
		back, err := Parse(first)
		if err != nil {
			t.Fatalf("%v: cannot read back %s", err, first)
		}
		if len(p.Sources) == 0 {
			p.Sources = nil // sources are not written if there are none
		}
		if len(p.Eligibility) == 0 {
			p.Eligibility = nil
		}
		if len(p.RetirementRises) == 0 {
			p.RetirementRises = nil
		}
		if len(p.PayKinds) == 0 {
			p.PayKinds = nil
		}
		if len(p.Attendance.Ranks) == 0 {
			p.Attendance.Ranks = nil
		}
		if !reflect.DeepEqual(p, back) {
			t.Errorf("came back as %+v, was %+v", back, p)
		}
		for _, g := range p.Groups {
			if got, ok := p.Group(g.Area, g.Code); !ok || got != g {
				t.Errorf("group %s %s is %+v, %v", g.Area, g.Code, got, ok)
			}
		}
	})
}
