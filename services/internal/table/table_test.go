package table

import (
	"testing"

	"pgregory.net/rapid"
)

// Hashes that differ in a few bits only, whichever bits these are, are spread over the
// slots.
func TestSpread(t *testing.T) {
	for shift := range 48 {
		taken := map[uint64]int{}
		most := 0
		for i := range uint64(1 << 15) {
			slot := spread(i<<shift) >> 48
			taken[slot]++
			most = max(most, taken[slot])
		}
		if most > 16 {
			t.Errorf("shifted by %d: %d in one slot", shift, most)
		}
	}
}

// Goal: an index finds what was added, and nothing that was dropped, whichever hashes collide
// and while the index grows. Method: random adds, and drops of the number added last, are
// compared with a slice.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := []uint64{0}
		hash := func(n uint32) uint64 { return hashes[n] }
		var x Index
		most := rapid.SampledFrom([]uint64{3, 40, 1 << 40}).Draw(t, "hashes")
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if n := uint32(len(hashes) - 1); n > 0 && rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
				x.Drop(n, hash)
				hashes = hashes[:n]
			} else {
				hashes = append(hashes, rapid.Uint64Range(0, most).Draw(t, "hash"))
				x.Add(n+1, hash)
			}
			for n := 1; n < len(hashes); n++ {
				if x.Find(hashes[n], func(m uint32) bool { return m == uint32(n) }) != uint32(n) {
					t.Fatalf("%d of %d is not found", n, len(hashes)-1)
				}
			}
			if n := uint32(len(hashes)); x.Find(7, func(m uint32) bool { return m == n }) != 0 {
				t.Fatalf("%d is found", n)
			}
			if x.Len() != len(hashes)-1 {
				t.Fatalf("%d used, want %d", x.Len(), len(hashes)-1)
			}
		}
	})
}

// Parts grow one at a time: no Add enlarges the whole index by more than a 64th part.
func TestGrowth(t *testing.T) {
	var x Index
	slots := func() (n int) {
		for i := range x.parts {
			n += len(x.parts[i].tags)
		}
		return n
	}
	hash := func(n uint32) uint64 { return uint64(n) }
	before := 0
	for n := uint32(1); n < 300_000; n++ {
		x.Add(n, hash)
		now := slots()
		if n > 10_000 && now-before > before/parts {
			t.Fatalf("from %d slots to %d at %d numbers", before, now, n)
		}
		if n > 10_000 && float64(now) > 1.7*float64(n) {
			t.Fatalf("%d slots for %d numbers", now, n)
		}
		before = now
	}
}

// A list is compared with a slice, across the borders of chunks.
func TestList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l List[int]
		var want []int
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			if n := rapid.IntRange(-chunk, chunk).Draw(t, "records"); n > 0 {
				for range n {
					if got := l.Add(len(want)); int(got) != len(want) {
						t.Fatalf("number %d, want %d", got, len(want))
					}
					want = append(want, len(want))
				}
			} else {
				want = want[:max(0, len(want)+n)]
				l.Cut(len(want))
			}
			if l.Len() != len(want) {
				t.Fatalf("%d records, want %d", l.Len(), len(want))
			}
			for n, w := range want {
				if *l.At(uint32(n)) != w {
					t.Fatalf("record %d is %d", n, *l.At(uint32(n)))
				}
			}
		}
	})
}
