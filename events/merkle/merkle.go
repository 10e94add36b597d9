// Package merkle computes the Merkle tree of RFC 6962 over a sequence of byte
// strings, such as the raw bytes of the log's events in log order. Its root
// stands for all of them: two logs with the same root and size hold the same
// events in the same order, and nobody can find two that differ.
//
// The hash of a leaf is SHA-256(0x00 ‖ bytes), that of a node
// SHA-256(0x01 ‖ left ‖ right); the root of nothing is SHA-256 of nothing. The
// left part of n leaves is the largest power of two below n.
//
// A Tree keeps the roots of its complete parts alone, at most 64 hashes, so it
// can follow a log without holding it, and be saved and taken up again. Proofs
// about a part of the tree need the other leaves, or what was kept of them: see
// [Inclusion] and [Consistency]. Checking them needs nothing else.
package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
)

// A Hash is that of a leaf or of a part of the tree.
type Hash [sha256.Size]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText makes a Hash its String in JSON.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText wrote.
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

// Leaf returns the hash of a leaf.
func Leaf(data []byte) Hash {
	// Most events are short. In one piece on the stack they are hashed without
	// an allocation, and faster than in two.
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

// A Tree takes leaves one by one. The zero Tree is empty and ready. A copy of
// it goes its own way. It is not safe for concurrent use.
type Tree struct {
	size  uint64
	parts [64]Hash // by level: parts[i] is the root of 2^i leaves, if size has that bit
}

// Add appends a leaf.
func (t *Tree) Add(data []byte) { t.AddLeaf(Leaf(data)) }

// AddLeaf appends a leaf by its hash.
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

// Root returns the hash of the whole.
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

// AppendBinary appends what a Tree needs to go on: the size, 8 bytes with the
// highest first, and the roots of the complete parts, the largest first.
func (t *Tree) AppendBinary(b []byte) ([]byte, error) {
	b = binary.BigEndian.AppendUint64(b, t.size)
	for i := len(t.parts) - 1; i >= 0; i-- {
		if t.size>>i&1 == 1 {
			b = append(b, t.parts[i][:]...)
		}
	}
	return b, nil
}

// MarshalBinary returns what AppendBinary appends.
func (t *Tree) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary takes up what MarshalBinary saved. It checks the length, and
// cannot check the hashes.
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
