package runner

import (
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A shelf holds what was added to the leaves of a table since the last
// transaction, and knows which leaves are stored.
type shelf struct {
	of    []binder // by the number of the folio, bucket or agency; one alone, of number 0, where a table has none
	dirty []int
	spare [][]byte // memory for leaves
}

type binder struct {
	fresh  timeline.Leaf
	stored []readmodel.LeafSize
}

// leafLimit is the size from which on a leaf is left alone, and leafWorth the
// one from which on a bulk load writes it and begins another.
const (
	leafLimit = 256 << 10
	leafWorth = 32 << 10
)

func (s *shelf) binder(of int) *binder {
	for of >= len(s.of) {
		s.of = append(s.of, binder{})
	}
	return &s.of[of]
}

// fresh returns the fresh leaf, to which something is added at once.
func (s *shelf) fresh(of int) *timeline.Leaf {
	b := s.binder(of)
	if b.fresh.Len() == 0 {
		s.dirty = append(s.dirty, of)
		if n := len(s.spare) - 1; n >= 0 {
			b.fresh.Use(s.spare[n])
			s.spare = s.spare[:n]
		}
	}
	return &b.fresh
}

// reuse has the memory of rows that were written used for fresh leaves.
func (s *shelf) reuse(rows []readmodel.LeafRow) {
	for i := range rows {
		s.spare = append(s.spare, rows[i].Bytes)
	}
}

// bytes is how much was added.
func (s *shelf) bytes() (n int) {
	for _, of := range s.dirty {
		n += s.of[of].fresh.Len()
	}
	return n
}

// take returns what was added as rows, and starts afresh; leaves to which fewer
// bytes than least were added stay. A row takes up the stored leaves before it
// that are not much larger, so that a folio consists of few leaves and a byte is
// written again a logarithmic number of times at most. A nil read leaves stored
// leaves alone.
func (s *shelf) take(table string, least int, read leafReader) ([]readmodel.LeafRow, error) {
	slices.Sort(s.dirty)
	var rows []readmodel.LeafRow
	stay := s.dirty[:0]
	for _, of := range s.dirty {
		b := &s.of[of]
		if b.fresh.Len() < least {
			stay = append(stay, of)
			continue
		}
		keep, size := len(b.stored), b.fresh.Len()
		for read != nil && keep > 0 && b.stored[keep-1].Size <= min(2*size, leafLimit) {
			keep--
			size += b.stored[keep].Size
		}
		row := readmodel.LeafRow{Owner: int64(of), Last: b.fresh.Last(), Bytes: b.fresh.Bytes()}
		if keep < len(b.stored) {
			var whole timeline.Leaf
			for _, l := range b.stored[keep:] {
				old, err := read(table, int64(of), l.Last)
				if err == nil {
					err = whole.Join(old, l.Last)
				}
				if err != nil {
					return nil, err
				}
				row.Joined = append(row.Joined, l.Last)
			}
			if err := whole.Join(row.Bytes, row.Last); err != nil {
				return nil, err
			}
			row.Bytes = whole.Bytes()
		}
		rows = append(rows, row)
		b.stored = append(b.stored[:keep], readmodel.LeafSize{Owner: int64(of), Last: row.Last, Size: len(row.Bytes)})
		b.fresh = timeline.Leaf{}
	}
	s.dirty = stay
	return rows, nil
}
