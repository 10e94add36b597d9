// Package table keeps the records of folds in flat memory: a [List] holds records by
// consecutive number, an [Index] finds the number of a record by hash. There is no pointer
// for each record, so that the garbage collector has little to do. Growing never copies
// everything at once: a list grows by a chunk of 4096 records, an index by one of its 64
// parts.
//
// Lists and indexes may be read concurrently. They must not be changed concurrently with
// anything else.
package table

// chunk is how many records one chunk of a list holds.
const (
	chunkBits = 12
	chunk     = 1 << chunkBits
)

// A List holds records by number, from 0. The zero List is empty.
type List[T any] struct {
	chunks [][]T
}

// Len returns the number of records.
func (l *List[T]) Len() int {
	last := len(l.chunks) - 1
	if last < 0 {
		return 0
	}
	return last*chunk + len(l.chunks[last])
}

// At returns the record with number n, which must be below Len. The pointer is valid until
// the next Add or Cut: then the record may move.
func (l *List[T]) At(n uint32) *T { return &l.chunks[n>>chunkBits][n&(chunk-1)] }

// Add appends a record and returns its number.
func (l *List[T]) Add(record T) uint32 {
	n := l.Len()
	if n == len(l.chunks)*chunk {
		var next []T
		if n > 0 {
			next = make([]T, 0, chunk)
		}
		l.chunks = append(l.chunks, next)
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, record)
	return uint32(n)
}

// Cut removes the last records, so that n of them are left. It does nothing if there are no
// more than n.
func (l *List[T]) Cut(n int) {
	for l.Len() > n {
		last := len(l.chunks) - 1
		keep := max(0, n-last*chunk)
		clear(l.chunks[last][keep:])
		if l.chunks[last] = l.chunks[last][:keep]; keep == 0 {
			l.chunks[last] = nil
			l.chunks = l.chunks[:last]
		}
	}
}
