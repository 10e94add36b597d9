package timeline_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/timeline"
	"pgregory.net/rapid"
)

// Pseudonyms and their bearers are read as they were added, wherever a leaf ended,
// and an entry that is cut off is damage.
func TestPseudonyms(t *testing.T) {
	type named struct {
		ref timeline.Ref
		id  [16]byte
	}
	rapid.Check(t, func(t *rapid.T) {
		var ids, bearers, wholeIDs, wholeBearers timeline.Leaf
		var want []named
		var borne []timeline.Bearer
		join := func() {
			for _, l := range []struct{ to, part *timeline.Leaf }{{&wholeIDs, &ids}, {&wholeBearers, &bearers}} {
				if err := l.to.Join(l.part.Bytes(), l.part.Last()); err != nil {
					t.Fatal(err)
				}
				*l.part = timeline.Leaf{}
			}
		}
		ref := timeline.Ref(0)
		for range rapid.IntRange(1, 40).Draw(t, "persons") {
			ref += timeline.Ref(rapid.Uint32().Draw(t, "distance"))
			n := named{ref, [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))}
			b := timeline.Bearer{Ref: ref, No: timeline.Number(rapid.Uint32().Draw(t, "number")), Half: uint32(timeline.PersonHash(n.id))}
			ids.AddPseudonym(ref, n.id)
			bearers.AddBearer(b)
			want, borne = append(want, n), append(borne, b)
			if rapid.Bool().Draw(t, "ends") {
				join()
			}
		}
		if ids.Len() > 0 {
			join()
		}
		var got []named
		var found []timeline.Bearer
		err := errors.Join(
			timeline.ReadPseudonyms(wholeIDs.Bytes(), func(ref timeline.Ref, id [16]byte) { got = append(got, named{ref, id}) }),
			timeline.ReadBearers(wholeBearers.Bytes(), func(b timeline.Bearer) { found = append(found, b) }))
		if err != nil || !slices.Equal(got, want) || !slices.Equal(found, borne) {
			t.Fatalf("%v\n%v\n%v, want\n%v\n%v", got, found, err, want, borne)
		}
		cut := rapid.IntRange(1, 5).Draw(t, "cut") // an entry has six bytes at least
		if err := timeline.ReadPseudonyms(wholeIDs.Bytes()[:wholeIDs.Len()-cut], func(timeline.Ref, [16]byte) {}); !errors.Is(err, timeline.ErrDamaged) {
			t.Fatalf("pseudonyms without the last %d bytes: %v", cut, err)
		}
		if err := timeline.ReadBearers(wholeBearers.Bytes()[:wholeBearers.Len()-cut], func(timeline.Bearer) {}); !errors.Is(err, timeline.ErrDamaged) {
			t.Fatalf("bearers without the last %d bytes: %v", cut, err)
		}
	})
}

// The hash of a pseudonym is stored: it is the same for ever.
func TestPersonHash(t *testing.T) {
	for id, want := range map[string]uint64{
		"00000000-0000-0000-0000-000000000000": 0,
		"00000000-0000-0000-0000-000000000001": 0x1500000000000000,
		"3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11": 0x19910db7463d659d,
	} {
		if got := timeline.PersonHash(uuid.MustParse(id)); got != want {
			t.Errorf("%s has hash %#x, want %#x", id, got, want)
		}
	}
	if first, last := timeline.Bucket(0), timeline.Bucket(1<<64-1); first != 0 || last != 1023 {
		t.Errorf("buckets from %d to %d", first, last)
	}
}
