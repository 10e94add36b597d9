package merkle_test

import (
	"fmt"

	"github.com/muster-works/muster/events/merkle"
)

func Example() {
	events := []string{`{"id":"h-1"}`, `{"id":"h-2"}`, `{"id":"x-1"}`}
	var tree merkle.Tree
	for _, e := range events {
		tree.Add([]byte(e))
	}
	fmt.Println(tree.Size(), tree.Root())

	// A party that has the events can prove that the second event is one of them, and
	// a party that has the root can check the proof.
	part := func(begin, end uint64) (merkle.Hash, error) {
		var t merkle.Tree
		for _, e := range events[begin:end] {
			t.Add([]byte(e))
		}
		return t.Root(), nil
	}
	proof, _ := merkle.Inclusion(1, 3, part)
	fmt.Println(merkle.CheckInclusion(merkle.Leaf([]byte(`{"id":"h-2"}`)), 1, 3, tree.Root(), proof))
	fmt.Println(merkle.CheckInclusion(merkle.Leaf([]byte(`{"id":"h-3"}`)), 1, 3, tree.Root(), proof))
	// Output:
	// 3 a35ddd1fa993ed1e6513f8a1f3d759fe7578b49225afc04c8c53325a5963d031
	// <nil>
	// merkle: proof does not hold: leaf and path do not lead to the root
}
