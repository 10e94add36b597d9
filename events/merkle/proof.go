package merkle

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// ErrProof is returned by the checks for a proof that does not prove the claim.
var ErrProof = errors.New("merkle: proof does not hold")

// A Roots function returns the root of the leaves from begin up to but excluding end.
// The functions of this package call it only for complete subtrees and for subtrees
// at the end of the tree.
type Roots func(begin, end uint64) (Hash, error)

// Inclusion returns the proof (RFC 6962, section 2.1.1) that the leaf with the given
// index, from 0, is in the tree of size leaves. An error is one of root or says that
// there is no such leaf.
func Inclusion(index, size uint64, root Roots) ([]Hash, error) {
	if index >= size {
		return nil, fmt.Errorf("merkle: no leaf %d in a tree of %d", index, size)
	}
	var proof []Hash
	for begin, end := uint64(0), size; end-begin > 1; {
		middle := begin + split(end-begin)
		other := [2]uint64{middle, end}
		if index < middle {
			end = middle
		} else {
			other = [2]uint64{begin, middle}
			begin = middle
		}
		h, err := root(other[0], other[1])
		if err != nil {
			return nil, err
		}
		proof = append(proof, h)
	}
	slices.Reverse(proof)
	return proof, nil
}

// Consistency returns the proof (RFC 6962, section 2.1.2) that the tree of the first
// old leaves is the beginning of the tree of size leaves.
func Consistency(old, size uint64, root Roots) ([]Hash, error) {
	if old > size {
		return nil, fmt.Errorf("merkle: a tree of %d does not begin with one of %d", size, old)
	}
	if old == 0 || old == size {
		return nil, nil
	}
	var proof []Hash
	ask := func(begin, end uint64) error {
		h, err := root(begin, end)
		proof = append(proof, h)
		return err
	}
	begin, end := uint64(0), size
	for old != end {
		middle := begin + split(end-begin)
		var err error
		if old <= middle {
			err = ask(middle, end)
			end = middle
		} else {
			err = ask(begin, middle)
			begin = middle
		}
		if err != nil {
			return nil, err
		}
	}
	if begin > 0 {
		if err := ask(begin, end); err != nil {
			return nil, err
		}
	}
	slices.Reverse(proof)
	return proof, nil
}

// CheckInclusion returns nil if proof proves that leaf has the given index in the
// tree with the given size and root. Otherwise the error wraps ErrProof.
func CheckInclusion(leaf Hash, index, size uint64, root Hash, proof []Hash) error {
	if index >= size {
		return fmt.Errorf("%w: no leaf %d in a tree of %d", ErrProof, index, size)
	}
	h, last := leaf, size-1
	for _, p := range proof {
		if last == 0 {
			return fmt.Errorf("%w: it is too long", ErrProof)
		}
		if index&1 == 1 || index == last {
			h = node(p, h)
			// A subtree at the end of the tree has no sibling on the levels in
			// between.
			for index&1 == 0 && index > 0 {
				index, last = index>>1, last>>1
			}
		} else {
			h = node(h, p)
		}
		index, last = index>>1, last>>1
	}
	if last != 0 || h != root {
		return fmt.Errorf("%w: leaf and path do not lead to the root", ErrProof)
	}
	return nil
}

// CheckConsistency returns nil if proof proves that the tree with old leaves and
// oldRoot is the beginning of the tree with size leaves and root. Otherwise the error
// wraps ErrProof. The empty tree is the beginning of every tree.
func CheckConsistency(old, size uint64, oldRoot, root Hash, proof []Hash) error {
	switch {
	case old > size:
		return fmt.Errorf("%w: a tree of %d does not begin with one of %d", ErrProof, size, old)
	case old == 0:
		if oldRoot != new(Tree).Root() || len(proof) > 0 {
			return fmt.Errorf("%w: not the root of an empty tree", ErrProof)
		}
		return nil
	case old == size:
		if oldRoot != root || len(proof) > 0 {
			return fmt.Errorf("%w: two roots of one size", ErrProof)
		}
		return nil
	}
	// Climb from the last complete subtree of the old tree.
	index, last := old-1, size-1
	rise := bits.TrailingZeros64(old)
	index, last = index>>rise, last>>rise
	was := oldRoot // the root of a complete old tree, which the proof leaves out
	if index > 0 {
		if len(proof) == 0 {
			return fmt.Errorf("%w: it is too short", ErrProof)
		}
		was, proof = proof[0], proof[1:]
	}
	is := was
	for _, p := range proof {
		if last == 0 {
			return fmt.Errorf("%w: it is too long", ErrProof)
		}
		if index&1 == 1 || index == last {
			was, is = node(p, was), node(p, is)
			for index&1 == 0 && index > 0 {
				index, last = index>>1, last>>1
			}
		} else {
			is = node(is, p)
		}
		index, last = index>>1, last>>1
	}
	if last != 0 || was != oldRoot || is != root {
		return fmt.Errorf("%w: the path does not lead to both roots", ErrProof)
	}
	return nil
}

// split returns the largest power of two below n. The argument is at least 2.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }
