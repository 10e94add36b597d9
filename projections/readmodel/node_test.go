package readmodel

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The node of an interval is among the ancestors of everything in it.
func TestNode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Uint64Range(1, 1<<40).Draw(t, "from")
		until := from + rapid.Uint64Range(1, 1<<rapid.IntRange(0, 40).Draw(t, "bits")).Draw(t, "length")
		n := node(from, until)
		if n < int64(from) || n >= int64(until) {
			t.Fatalf("node of [%d, %d) is %d", from, until, n)
		}
		ord := rapid.Uint64Range(from, until-1).Draw(t, "ord")
		if !slices.Contains(ancestors(ord), n) {
			t.Fatalf("%d, the node of [%d, %d), is not found from %d", n, from, until, ord)
		}
	})
}
