package merkle

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func leaves(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, `{"id":"%d"}`, i)
	}
	return all
}

// rootsOf returns a Roots that uses the definition, and fails the test if it is
// called for leaves that the contract of Roots excludes.
func rootsOf(t *testing.T, all [][]byte, size int) Roots {
	return func(begin, end uint64) (Hash, error) {
		if n := end - begin; n&(n-1) != 0 && end != uint64(size) {
			t.Errorf("asked for %d to %d of %d", begin, end, size)
		}
		return mth(all[begin:end]), nil
	}
}

// path is the function PATH of RFC 6962, written as in the RFC.
func path(m int, d [][]byte) []Hash {
	if len(d) == 1 {
		return nil
	}
	k := 1
	for 2*k < len(d) {
		k *= 2
	}
	if m < k {
		return append(path(m, d[:k]), mth(d[k:]))
	}
	return append(path(m-k, d[k:]), mth(d[:k]))
}

// subproof is the function SUBPROOF of RFC 6962, written as in the RFC.
func subproof(m int, d [][]byte, whole bool) []Hash {
	n := len(d)
	if m == n {
		if whole {
			return nil
		}
		return []Hash{mth(d)}
	}
	k := 1
	for 2*k < n {
		k *= 2
	}
	if m <= k {
		return append(subproof(m, d[:k], whole), mth(d[k:]))
	}
	return append(subproof(m-k, d[k:], false), mth(d[:k]))
}

// Goal: every leaf of every small tree has the proof of the definition. The proof
// holds for this leaf and for nothing else.
// Method: proofs are checked with every part of the claim changed.
func TestInclusion(t *testing.T) {
	all := leaves(40)
	for size := 1; size <= len(all); size++ {
		root := mth(all[:size])
		for i := range size {
			proof, err := Inclusion(uint64(i), uint64(size), rootsOf(t, all, size))
			if err != nil || !slices.Equal(proof, path(i, all[:size])) {
				t.Fatalf("%d of %d: %v, %v", i, size, proof, err)
			}
			check := func(leaf Hash, index int, root Hash, proof []Hash) error {
				return CheckInclusion(leaf, uint64(index), uint64(size), root, proof)
			}
			leaf := Leaf(all[i])
			if err := check(leaf, i, root, proof); err != nil {
				t.Fatalf("%d of %d: %v", i, size, err)
			}
			wrong := map[string]error{
				"another leaf": check(Leaf([]byte("other")), i, root, proof),
				"another root": check(leaf, i, Leaf(nil), proof),
				"longer":       check(leaf, i, root, append(slices.Clone(proof), root)),
				"beyond":       check(leaf, size, root, proof),
			}
			for j := range size {
				if j != i {
					wrong[fmt.Sprint("index ", j)] = check(leaf, j, root, proof)
				}
			}
			for j := range proof {
				changed := slices.Clone(proof)
				changed[j][7] ^= 1
				wrong[fmt.Sprint("changed ", j)] = check(leaf, i, root, changed)
				wrong[fmt.Sprint("without ", j)] = check(leaf, i, root, slices.Delete(slices.Clone(proof), j, j+1))
			}
			for name, err := range wrong {
				if !errors.Is(err, ErrProof) {
					t.Errorf("%d of %d, %s: %v", i, size, name, err)
				}
			}
		}
	}
	if _, err := Inclusion(3, 3, rootsOf(t, all, 3)); err == nil {
		t.Error("a proof of leaf 3 of 3")
	}
}

// Goal: every pair of small trees has the proof of the definition. The proof holds
// for this pair and for nothing else.
// Method: proofs are checked with every part of the claim changed.
func TestConsistency(t *testing.T) {
	all := leaves(40)
	for size := range len(all) + 1 {
		root := mth(all[:size])
		for old := range size + 1 {
			was := mth(all[:old])
			proof, err := Consistency(uint64(old), uint64(size), rootsOf(t, all, size))
			if err != nil {
				t.Fatal(err)
			}
			if old > 0 && !slices.Equal(proof, subproof(old, all[:size], true)) {
				t.Fatalf("%d to %d: %v", old, size, proof)
			}
			check := func(was, is Hash, proof []Hash) error {
				return CheckConsistency(uint64(old), uint64(size), was, is, proof)
			}
			if err := check(was, root, proof); err != nil {
				t.Fatalf("%d to %d: %v", old, size, err)
			}
			wrong := map[string]error{
				"another old root": check(Leaf(nil), root, proof),
				"longer":           check(was, root, append(slices.Clone(proof), root)),
				"backwards":        CheckConsistency(uint64(size)+1, uint64(size), was, root, proof),
			}
			if old > 0 {
				wrong["another root"] = check(was, Leaf(nil), proof)
			}
			for j := range proof {
				changed := slices.Clone(proof)
				changed[j][7] ^= 1
				wrong[fmt.Sprint("changed ", j)] = check(was, root, changed)
				wrong[fmt.Sprint("without ", j)] = check(was, root, slices.Delete(slices.Clone(proof), j, j+1))
			}
			for name, err := range wrong {
				if !errors.Is(err, ErrProof) {
					t.Errorf("%d to %d, %s: %v", old, size, name, err)
				}
			}
		}
	}
	if _, err := Consistency(3, 2, rootsOf(t, all, 2)); err == nil {
		t.Error("a proof that 2 leaves begin with 3")
	}
}

// Goal: an error of Roots is returned in place of a proof.
// Method: a Roots that fails.
func TestNoRoots(t *testing.T) {
	lost := errors.New("lost")
	roots := func(begin, end uint64) (Hash, error) { return Hash{}, lost }
	if _, err := Inclusion(1, 3, roots); !errors.Is(err, lost) {
		t.Error(err)
	}
	for _, old := range []uint64{1, 2, 3} {
		if _, err := Consistency(old, 5, roots); !errors.Is(err, lost) {
			t.Error(old, err)
		}
	}
}
