package command

import (
	"encoding/binary"
	"iter"
	"slices"
	"sort"

	"github.com/muster-works/muster/events/log"
)

// commitPositions maps the numbers of the events of a boundary to their positions in
// the log. The events of one commit have consecutive numbers, so there is one row for
// each commit: the position of the commit, and the number of its first event. A row
// is stored as its difference from the row before, in 3 bytes or more:
//
//	┌──────────────────┬───────────────────────┬───────────────────────┐
//	│ events (uvarint) │ major + (uvarint)     │ minor ± (varint)      │
//	└──────────────────┴───────────────────────┴───────────────────────┘
//
// major and minor are the two parts of a position, see [log.Position.Parts]. The
// rows lie in blocks of 64; a lookup finds the block by binary search and reads the
// rows of that block alone.
type commitPositions struct {
	blocks []positionBlock
	last   positionRow
}

// blockRows is how many rows a block holds. A lookup reads a few hundred bytes at
// most.
const blockRows = 64

// A positionRow is the row of one commit.
type positionRow struct {
	first        uint32 // number of the commit's first event
	next         uint32 // number of the first event after the commit
	major, minor uint64 // of the position
}

// A positionBlock is up to blockRows rows.
type positionBlock struct {
	before positionRow // the row before the block
	rows   []byte      // differences
	n      int         // rows
}

// end returns the number after that of the last event with a position.
func (p *commitPositions) end() uint32 { return max(p.last.next, 1) }

// add adds the row of the commit at a position. The commit holds the events from
// end up to next, without next.
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

// all yields the rows in the order of the log.
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

// after reads the row after r from the differences at the beginning of rows, and
// returns it with the differences that follow.
func (r positionRow) after(rows []byte) (next positionRow, rest []byte) {
	count, k := binary.Uvarint(rows)
	major, l := binary.Uvarint(rows[k:])
	minor, m := binary.Varint(rows[k+l:])
	return positionRow{r.next, r.next + uint32(count), r.major + major, r.minor + uint64(minor)}, rows[k+l+m:]
}

// of returns the position of the event with number n, and zero if it has none yet.
func (p *commitPositions) of(n uint32) log.Position {
	at, _ := p.find(n)
	return at
}

// find returns the position of the event with number n, and that of the commit of the
// boundary before its commit. Each is zero if there is none.
func (p *commitPositions) find(n uint32) (at, before log.Position) {
	if n == 0 || n >= p.end() {
		return log.Position{}, log.Position{}
	}
	i := sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].before.next > n }) - 1
	r := p.blocks[i].before
	prior := r
	for rest := p.blocks[i].rows; r.next <= n; {
		prior = r
		r, rest = r.after(rest)
	}
	if prior.major > 0 {
		before = log.At(prior.major, prior.minor)
	}
	return log.At(r.major, r.minor).Event(int(n - r.first)), before
}
