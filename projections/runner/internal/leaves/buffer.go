// Package leaves gathers what is added to the leaves of one table between two
// transactions.
//
// A leaf is a part of a folio, a bucket or the trail of an agency, as readmodel.LeafRow
// is written; whose leaves they are is called the owner. Leaves are joined when they
// are written, so that an owner has few of them:
//
//	stored  [      256 KiB      ] [ 60 KiB ] [ 9 KiB ]
//	fresh                                              [ 12 KiB ]
//	written [      256 KiB      ] [         81 KiB              ]
package leaves

import (
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// limit is the size from which on a stored leaf is not joined any more.
const limit = 256 << 10

// WorthWriting is the size from which on a bulk load writes a leaf and begins another.
const WorthWriting = 32 << 10

// A Reader reads a stored leaf of an owner in a table.
type Reader func(table string, owner int64, last timeline.Ref) ([]byte, error)

// A Buffer holds what was added to the leaves of a table since it was taken, and knows
// which leaves are stored. The zero Buffer is that of an empty table.
type Buffer struct {
	owners []owner // by number; a table without owners has one alone, of number 0
	dirty  []int   // owners to whose leaves something was added
	free   [][]byte
}

type owner struct {
	fresh  timeline.Leaf
	stored []readmodel.LeafSize
}

func (b *Buffer) owner(no int) *owner {
	for no >= len(b.owners) {
		b.owners = append(b.owners, owner{})
	}
	return &b.owners[no]
}

// Fresh returns the fresh leaf of an owner. The caller adds something to it at once.
func (b *Buffer) Fresh(no int) *timeline.Leaf {
	o := b.owner(no)
	if o.fresh.Len() == 0 {
		b.dirty = append(b.dirty, no)
		if n := len(b.free) - 1; n >= 0 {
			o.fresh.Use(b.free[n])
			b.free = b.free[:n]
		}
	}
	return &o.fresh
}

// Reuse gives the memory of rows that were written to fresh leaves to come.
func (b *Buffer) Reuse(rows []readmodel.LeafRow) {
	for i := range rows {
		b.free = append(b.free, rows[i].Bytes)
	}
}

// Len returns how many bytes were added.
func (b *Buffer) Len() (n int) {
	for _, no := range b.dirty {
		n += b.owners[no].fresh.Len()
	}
	return n
}

// Stored notes a leaf that is stored. Those of one owner come in their order.
func (b *Buffer) Stored(l readmodel.LeafSize) {
	o := b.owner(int(l.Owner))
	o.stored = append(o.stored, l)
}

// Take returns what was added as rows, by owner, and starts afresh. Leaves to which
// fewer than least bytes were added stay. A row takes up the stored leaves before it
// that are not much larger, so a byte is written again a logarithmic number of times at
// most. When read is nil, rows take up no stored leaves. Take fails as read does, and
// with timeline.ErrDamaged when stored leaves cannot be joined.
func (b *Buffer) Take(table string, least int, read Reader) (rows []readmodel.LeafRow, err error) {
	slices.Sort(b.dirty)
	stay := b.dirty[:0]
	for _, no := range b.dirty {
		o := &b.owners[no]
		if o.fresh.Len() < least {
			stay = append(stay, no)
			continue
		}
		row := readmodel.LeafRow{Owner: int64(no), Last: o.fresh.Last(), Bytes: o.fresh.Bytes()}
		keep := len(o.stored)
		if read != nil {
			keep = o.keep()
		}
		if keep < len(o.stored) {
			if err := join(&row, table, o.stored[keep:], read); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
		o.stored = append(o.stored[:keep], readmodel.LeafSize{Owner: int64(no), Last: row.Last, Size: len(row.Bytes)})
		o.fresh = timeline.Leaf{}
	}
	b.dirty = stay
	return rows, nil
}

// keep returns how many of the stored leaves are not joined with the fresh one.
func (o *owner) keep() int {
	keep, size := len(o.stored), o.fresh.Len()
	for keep > 0 && o.stored[keep-1].Size <= min(2*size, limit) {
		keep--
		size += o.stored[keep].Size
	}
	return keep
}

// join puts stored leaves before the bytes of a row.
func join(row *readmodel.LeafRow, table string, stored []readmodel.LeafSize, read Reader) error {
	var whole timeline.Leaf
	for _, l := range stored {
		old, err := read(table, l.Owner, l.Last)
		if err == nil {
			err = whole.Join(old, l.Last)
		}
		if err != nil {
			return err
		}
		row.Joined = append(row.Joined, l.Last)
	}
	if err := whole.Join(row.Bytes, row.Last); err != nil {
		return err
	}
	row.Bytes = whole.Bytes()
	return nil
}
