// Package packing has the byte layouts of what views contribute: deltas, changes
// of spans, and cells.
//
// A layout packs everything of its kind that one commit brought. The packed
// bytes are an entry of a leaf, see timeline.Leaf.AddRows; a leaf is a row of the
// table of the view, or of the table cell:
//
//	leaf    [ distance of ref | length | packed bytes ] [ … ] …      one entry a commit
//	deltas  [ cell | date | measure | n ] …                          in a view's table
//	spans   [ head | post | cell | since | days ] or [ 1 | number ] … in a view's table
//	cells   [ length | text ] × axes …                               in the table cell
//
// Numbers are varints. Where neighbours are mostly close, the distance from the
// one before is packed; the first of a commit has zeros before it, so an entry
// means the same in whichever leaf it lies. FORMAT.md of the module draws the
// layouts in full.
//
// The Append functions never fail. The Read functions take bytes that may be
// damaged: they end, with what was packed or with timeline.ErrDamaged. All of
// them are safe for concurrent use. What they append to is the caller's, and so
// is what they return; texts are copies.
//
// A changed layout raises the schema version of package readmodel.
package packing

import (
	"encoding/binary"

	"github.com/muster-works/muster/projections/timeline"
)

// An unpacker takes packed bytes apart from the front. After the first damage
// every method returns zero, no bytes are left, and bad is set.
type unpacker struct {
	b   []byte
	bad bool
}

// advance drops n bytes that were read. If n is not from 1 to what is left, the
// bytes are damaged.
func (u *unpacker) advance(n int) {
	if n <= 0 || n > len(u.b) {
		u.b, u.bad = nil, true
		return
	}
	u.b = u.b[n:]
}

func (u *unpacker) signed() int64 {
	v, n := binary.Varint(u.b)
	if u.advance(n); u.bad {
		return 0
	}
	return v
}

func (u *unpacker) unsigned() uint64 {
	v, n := binary.Uvarint(u.b)
	if u.advance(n); u.bad {
		return 0
	}
	return v
}

// text reads a text with its length before it.
func (u *unpacker) text() string {
	size := u.unsigned()
	if size == 0 {
		return ""
	}
	b := u.b
	if u.advance(int(min(size, uint64(len(b))+1))); u.bad {
		return ""
	}
	return string(b[:size])
}

// err returns timeline.ErrDamaged if anything was damaged.
func (u *unpacker) err() error {
	if u.bad {
		return timeline.ErrDamaged
	}
	return nil
}
