// Package merkle computes the Merkle tree of RFC 6962 over a sequence of byte
// strings, such as the bytes of the log's events in log order. Two logs with the same
// size and root hash hold the same events in the same order; finding two different
// logs with the same root would mean breaking SHA-256.
//
// The hash of a leaf is SHA-256(0x00 ‖ bytes). The hash of a node is SHA-256(0x01 ‖
// left ‖ right). The root of the empty tree is SHA-256 of the empty string. The left
// subtree of n leaves has the largest power of two below n.
//
// A [Tree] keeps only the roots of its complete subtrees, at most 64 hashes. It can
// therefore follow a log without storing it, and can be saved and loaded. A proof
// needs the hashes of other leaves as well, which the caller provides: see
// [Inclusion] and [Consistency]. Checking a proof needs nothing else.
//
// Functions are safe for concurrent use. A Tree is not.
package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
)

// A Hash is the hash of a leaf or of a subtree.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns the hash in hexadecimal digits, so that JSON shows it as a
// string.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText parses the hexadecimal digits of a hash.
func (h *Hash) UnmarshalText(b []byte) error {
	if hex.DecodedLen(len(b)) != len(h) {
		return fmt.Errorf("merkle: a hash has %d hexadecimal digits, not %d", 2*len(h), len(b))
	}
	var got Hash
	if _, err := hex.Decode(got[:], b); err != nil {
		return fmt.Errorf("merkle: hash: %w", err)
	}
	*h = got
	return nil
}

// Leaf returns the hash of the leaf with the given bytes.
func Leaf(data []byte) Hash {
	// Most events are short. Copying prefix and event into one buffer on the stack
	// avoids an allocation, and is faster than hashing them in two parts.
	var short [512]byte
	if len(data) < len(short) {
		return sha256.Sum256(append(short[:1], data...))
	}
	h := sha256.New()
	h.Write(short[:1])
	h.Write(data)
	return Hash(h.Sum(short[:0]))
}

func node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+len(left):], right[:])
	return sha256.Sum256(b[:])
}

// A Tree is a Merkle tree to which leaves are appended. The zero Tree is empty and
// ready. A copy of a Tree is independent of the original. A Tree is not safe for
// concurrent use.
type Tree struct {
	size  uint64
	parts [64]Hash // parts[i] is the root of a complete subtree of 2^i leaves, if bit i of size is set
}

// Add appends a leaf.
func (t *Tree) Add(data []byte) { t.AddLeaf(Leaf(data)) }

// AddLeaf appends a leaf, given by its hash.
func (t *Tree) AddLeaf(h Hash) {
	level := bits.TrailingZeros64(^t.size)
	for i := range level {
		h = node(t.parts[i], h)
	}
	t.parts[level] = h
	t.size++
}

// Size returns the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Root returns the root hash.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	level := bits.TrailingZeros64(t.size)
	root := t.parts[level]
	for i := level + 1; i < len(t.parts); i++ {
		if t.size>>i&1 == 1 {
			root = node(t.parts[i], root)
		}
	}
	return root
}

// AppendBinary appends the saved form of the tree: the size as 8 bytes, big-endian,
// and the roots of the complete subtrees, the largest first.
func (t *Tree) AppendBinary(b []byte) ([]byte, error) {
	b = binary.BigEndian.AppendUint64(b, t.size)
	for i := len(t.parts) - 1; i >= 0; i-- {
		if t.size>>i&1 == 1 {
			b = append(b, t.parts[i][:]...)
		}
	}
	return b, nil
}

// MarshalBinary returns the saved form of the tree, see [Tree.AppendBinary].
func (t *Tree) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary loads the saved form of a tree. It checks the length, but cannot
// check the hashes.
func (t *Tree) UnmarshalBinary(b []byte) error {
	if len(b) < 8 {
		return errors.New("merkle: saved tree is cut short")
	}
	got := Tree{size: binary.BigEndian.Uint64(b)}
	b = b[8:]
	if want := bits.OnesCount64(got.size) * sha256.Size; len(b) != want {
		return fmt.Errorf("merkle: saved tree of %d leaves has %d bytes of hashes, not %d", got.size, len(b), want)
	}
	for i := len(got.parts) - 1; i >= 0; i-- {
		if got.size>>i&1 == 1 {
			b = b[copy(got.parts[i][:], b):]
		}
	}
	*t = got
	return nil
}
