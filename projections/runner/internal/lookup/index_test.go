package lookup

import (
	"testing"

	"pgregory.net/rapid"
)

// Numbers are found by what they stand for, through growth and collisions: the
// hashes of the values are few.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n Numbers[few]
		want := map[few]uint32{}
		for _, v := range rapid.SliceOfN(rapid.IntRange(0, 300), 0, 400).Draw(t, "values") {
			no, isNew := n.Number(few(v))
			if old, known := want[few(v)]; known == isNew || known && old != no {
				t.Fatalf("%d has number %d and is new: %v; it had %d: %v", v, no, isNew, old, known)
			}
			want[few(v)] = no
		}
		for v, no := range want {
			if got, isNew := n.Number(v); got != no || isNew {
				t.Fatalf("%d has number %d, want %d", v, got, no)
			}
		}
	})
}

type few int

func (v few) Hash() uint64 { return uint64(v%5) << 60 }
