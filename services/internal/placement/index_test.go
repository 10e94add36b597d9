package placement

import (
	"testing"

	"pgregory.net/rapid"
)

// Numbers that differ in a few bits only, wherever those are, do not crowd.
func TestSpread(t *testing.T) {
	x := index{slots: make([]uint32, 1<<16)}
	for shift := range 48 {
		taken := map[uint64]int{}
		most := 0
		for i := range uint64(1 << 15) {
			slot := x.slot(i << shift)
			taken[slot]++
			most = max(most, taken[slot])
		}
		if most > 16 {
			t.Errorf("shifted by %d: %d in one slot", shift, most)
		}
	}
}

// Whatever hashes collide, an index finds what was added and nothing that was
// dropped, the last first, across its growth.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := []uint64{0}
		hash := func(n uint32) uint64 { return hashes[n] }
		var x index
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if n := uint32(len(hashes) - 1); n > 0 && rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
				x.drop(n, hash)
				hashes = hashes[:n]
			} else {
				hashes = append(hashes, rapid.Uint64Range(0, 40).Draw(t, "hash"))
				x.add(n+1, hash)
			}
			for n := 1; n < len(hashes); n++ {
				if x.find(hashes[n], func(m uint32) bool { return m == uint32(n) }) != uint32(n) {
					t.Fatalf("%d of %d is not found", n, len(hashes)-1)
				}
			}
			if n := uint32(len(hashes)); x.find(7, func(m uint32) bool { return m == n }) != 0 {
				t.Fatalf("%d is found", n)
			}
			if x.used != len(hashes)-1 {
				t.Fatalf("%d used, want %d", x.used, len(hashes)-1)
			}
		}
	})
}
