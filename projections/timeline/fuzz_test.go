package timeline

import (
	"errors"
	"testing"
)

// Packed rows come from a file that may be damaged: whatever they hold, reading
// them ends, with an answer or with ErrDamaged.
func FuzzRead(f *testing.F) {
	packed := AppendFact(nil, 1, Fact{Tag: TagMentioned, Post: 3, Person: 4})
	f.Add(AppendRetraction(packed, 9, 1, 9))
	f.Add(AppendPlanned(nil, 7, 300))
	var ids, bearers Leaf
	ids.AddPseudonym(7, [16]byte{1, 15: 2})
	bearers.AddBearer(Bearer{7, 300, 1 << 31})
	f.Add(ids.Bytes())
	f.Add(bearers.Bytes())
	f.Add(AppendSubjects(nil, []Subject{{SubjectKind(1), 5}, {SubjectKind(2), 3}}))
	for tag := range len(facts) + 1 {
		f.Add([]byte{1, byte(tag), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
		f.Add([]byte{1, 0, 12, byte(tag), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(what string, err error) {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := ReadFolio([][]byte{b, b}, Head, func(byte) bool { return true })
		check("folio", err)
		_, err = ReadPost(b, Head)
		check("post", err)
		_, err = ReadPlan(PlanKey{}, b, Head)
		check("plan", err)
		_, err = ReadSubjects(b, 1)
		check("subjects", err)
		check("refs", ReadRefs(b, func(Ref) {}))
		check("rows", ReadRows(b, func(uint64, []byte) error { return nil }))
		check("pseudonyms", ReadPseudonyms(b, func(Ref, [16]byte) {}))
		check("bearers", ReadBearers(b, func(Bearer) {}))
		var leaf Leaf
		check("leaf", leaf.Join(b, 1<<40))
	})
}
