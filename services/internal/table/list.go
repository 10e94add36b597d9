// Package table keeps what decisions go by in flat memory: lists of records by
// dense number, and indexes that find the number again. Neither holds a pointer
// a record, and neither ever copies all of itself in order to grow: a list
// grows by a chunk, an index by a sixty-fourth part of its parts.
//
// Nothing here is safe for concurrent use while it is changed; reading changes
// nothing.
package table

// chunk is how many records a chunk of a list holds.
const (
	chunkBits = 12
	chunk     = 1 << chunkBits
)

// A List holds records by number, from 0. The zero List is empty.
type List[T any] struct {
	chunks [][]T
}

// Len returns how many records there are.
func (l *List[T]) Len() int {
	last := len(l.chunks) - 1
	if last < 0 {
		return 0
	}
	return last*chunk + len(l.chunks[last])
}

// At returns the record with a number below Len. It may move with the next Add.
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

// Cut takes the last records out again, down to n of them.
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
