package command

import (
	"encoding/binary"
	"iter"
	"slices"
	"sort"

	"github.com/muster-works/muster/events/log"
)

// places says where in the log the events of a boundary are, by their numbers.
// A commit's events have consecutive numbers, so one row a commit is enough: a
// position, and the number that it begins with. The rows are written as
// differences, in blocks; a row takes 3 bytes and more, and a lookup reads one
// block.
type commitPositions struct {
	blocks []positionBlock
	last   positionRow
}

// blockRows is how many rows a block holds: some hundred bytes to read.
const blockRows = 64

type positionRow struct {
	first        uint32 // number of the commit's first event
	next         uint32 // number of the first event after the commit
	major, minor uint64 // of the position
}

type positionBlock struct {
	before positionRow // the row before the block
	rows   []byte      // differences
	n      int
}

// end returns the number after the last event with a place.
func (p *commitPositions) end() uint32 { return max(p.last.next, 1) }

// add notes that the events from the end up to next lie in the commit at a
// position.
func (p *commitPositions) add(at log.Position, next uint32) {
	if len(p.blocks) == 0 || p.blocks[len(p.blocks)-1].n == blockRows {
		if len(p.blocks) > 0 {
			full := &p.blocks[len(p.blocks)-1]
			full.rows = slices.Clip(slices.Clone(full.rows))
		}
		p.blocks = append(p.blocks, positionBlock{before: positionRow{next: p.end(), major: p.last.major, minor: p.last.minor}})
	}
	b := &p.blocks[len(p.blocks)-1]
	r := positionRow{first: p.end(), next: next}
	r.major, r.minor = at.Parts()
	b.rows = binary.AppendUvarint(b.rows, uint64(next-r.first))
	b.rows = binary.AppendUvarint(b.rows, r.major-p.last.major)
	b.rows = binary.AppendVarint(b.rows, int64(r.minor-p.last.minor))
	b.n++
	p.last = r
}

// all yields the rows in order.
func (p *commitPositions) all() iter.Seq[positionRow] {
	return func(yield func(positionRow) bool) {
		for _, b := range p.blocks {
			r := b.before
			for rest := b.rows; len(rest) > 0; {
				if r, rest = r.after(rest); !yield(r) {
					return
				}
			}
		}
	}
}

// after reads the row that comes after r, from the differences.
func (r positionRow) after(rows []byte) (next positionRow, rest []byte) {
	count, k := binary.Uvarint(rows)
	major, l := binary.Uvarint(rows[k:])
	minor, m := binary.Varint(rows[k+l:])
	return positionRow{r.next, r.next + uint32(count), r.major + major, r.minor + uint64(minor)}, rows[k+l+m:]
}

// of returns the position of an event, and zero while it has none.
func (p *commitPositions) of(n uint32) log.Position {
	if n == 0 || n >= p.end() {
		return log.Position{}
	}
	i := sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].before.next > n }) - 1
	r := p.blocks[i].before
	for rest := p.blocks[i].rows; r.next <= n; {
		r, rest = r.after(rest)
	}
	return log.At(r.major, r.minor).Event(int(n - r.first))
}
