package merkle

import (
	"bytes"
	"testing"
)

// FuzzUnmarshalBinary checks that a saved tree that is accepted is saved again with
// equal bytes.
func FuzzUnmarshalBinary(f *testing.F) {
	var t Tree
	for range 3 {
		b, err := t.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		t.Add([]byte("leaf"))
	}
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var tree Tree
		if tree.UnmarshalBinary(b) != nil {
			return
		}
		if again, err := tree.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x came back as %x, %v", b, again, err)
		}
		tree.Root()
	})
}
