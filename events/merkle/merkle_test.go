package merkle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// mth is the function MTH of RFC 6962, written as in the RFC.
func mth(d [][]byte) Hash {
	switch n := len(d); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, d[0]...))
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		left, right := mth(d[:k]), mth(d[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

// The test vectors of the reference implementation of RFC 6962.
func TestVectors(t *testing.T) {
	var tree Tree
	if got, want := tree.Root().String(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; got != want {
		t.Errorf("empty: %s, want %s", got, want)
	}
	for i, v := range []struct{ leaf, root string }{
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	} {
		leaf, err := hex.DecodeString(v.leaf)
		if err != nil {
			t.Fatal(err)
		}
		tree.Add(leaf)
		if got := tree.Root().String(); got != v.root || tree.Size() != uint64(i+1) {
			t.Errorf("%d leaves: %s, want %s", tree.Size(), got, v.root)
		}
	}
}

// Goal: short and long leaves, which are hashed in different ways, have the right
// hash.
// Method: lengths around the limit.
func TestLeaf(t *testing.T) {
	for n := range 1100 {
		data := bytes.Repeat([]byte{byte(n)}, n)
		if got, want := Leaf(data), mth([][]byte{data}); got != want {
			t.Fatalf("leaf of %d bytes: %s, want %s", n, got, want)
		}
	}
}

// Goal: the root is that of the definition for every size, also if the tree is saved
// and loaded in between.
// Method: random leaves are added to a tree and given to the definition.
func TestDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 600), 0, 140).Draw(t, "leaves")
		saves := rapid.IntRange(1, 20).Draw(t, "saved every")
		var tree Tree
		for i, leaf := range leaves {
			tree.Add(leaf)
			if got, want := tree.Root(), mth(leaves[:i+1]); got != want {
				t.Fatalf("%d leaves: %s, want %s", i+1, got, want)
			}
			if i%saves == 0 {
				saved, err := tree.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				tree = Tree{}
				if err := tree.UnmarshalBinary(saved); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestSavedWrong(t *testing.T) {
	var tree Tree
	for i := range 5 {
		tree.Add([]byte{byte(i)})
	}
	saved, err := tree.MarshalBinary()
	if err != nil || len(saved) != 8+2*32 {
		t.Fatal(len(saved), err)
	}
	before := tree.Root()
	for n := range saved {
		if err := tree.UnmarshalBinary(saved[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken", n, len(saved))
		}
	}
	if err := tree.UnmarshalBinary(append(saved, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
	if tree.Root() != before {
		t.Error("a refused state changed the tree")
	}
}

func TestHashText(t *testing.T) {
	h := Leaf([]byte("x"))
	b, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var back Hash
	if err := json.Unmarshal(b, &back); err != nil || back != h || string(b) != `"`+h.String()+`"` {
		t.Errorf("%s, %v", b, err)
	}
	for _, bad := range []string{"", "00", h.String() + "00", "x" + h.String()[1:]} {
		if err := back.UnmarshalText([]byte(bad)); err == nil || back != h {
			t.Errorf("%q was taken", bad)
		}
	}
}

// BenchmarkAdd adds events of about 190 bytes on one core.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{190, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			event := bytes.Repeat([]byte("x"), n)
			var tree Tree
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				tree.Add(event)
			}
		})
	}
}
