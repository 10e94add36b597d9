package leaves

import (
	"bytes"
	"slices"
	"testing"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
	"pgregory.net/rapid"
)

// Goal: whatever is written when, the leaves of an owner are what was added, and few.
// Method: a table in memory takes the rows of random transactions, and gives stored
// leaves back; joined, it must hold one leaf that has everything.
func TestLeavesJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const owners = 3
		var b Buffer
		var want [owners]timeline.Leaf
		var stored [owners][]readmodel.LeafRow
		read := func(_ string, owner int64, last timeline.Ref) ([]byte, error) {
			all := stored[owner]
			return all[slices.IndexFunc(all, func(r readmodel.LeafRow) bool { return r.Last == last })].Bytes, nil
		}
		ref := timeline.Ref(0)
		write := func(least int) {
			rows, err := b.Take("table", least, read)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				kept := stored[r.Owner][:len(stored[r.Owner])-len(r.Joined)]
				stored[r.Owner] = append(kept, readmodel.LeafRow{Owner: r.Owner, Last: r.Last, Bytes: bytes.Clone(r.Bytes)})
			}
			b.Reuse(rows)
		}
		for range rapid.IntRange(1, 20).Draw(t, "transactions") {
			for range rapid.IntRange(0, 40).Draw(t, "added") {
				owner := rapid.IntRange(0, owners-1).Draw(t, "owner")
				ref += timeline.Ref(rapid.IntRange(1, 500).Draw(t, "distance"))
				b.Fresh(owner).AddRef(ref)
				want[owner].AddRef(ref)
			}
			write(rapid.SampledFrom([]int{0, 20}).Draw(t, "least"))
		}
		write(0)
		for owner := range want {
			var got timeline.Leaf
			for i, r := range stored[owner] {
				if i > 0 && len(r.Bytes)*2 >= len(stored[owner][i-1].Bytes) && len(stored[owner][i-1].Bytes) < limit {
					t.Errorf("owner %d: leaf %d of %d bytes was not joined with one of %d", owner, i, len(r.Bytes), len(stored[owner][i-1].Bytes))
				}
				if err := got.Join(r.Bytes, r.Last); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got.Bytes(), want[owner].Bytes()) {
				t.Errorf("owner %d has other entries than were added", owner)
			}
		}
	})
}
