// Package bitemporal adds up numbers on two clocks: what counts on a business
// date (valid time, as_of), as it was known at a commit (transaction time,
// known_at).
package bitemporal

import (
	"slices"
	"sort"

	"github.com/muster-works/muster/events/civil"
)

// A Change is one row of a view: N more in a class from a date on, known since a
// commit.
type Change struct {
	Ord   uint32 // ordinal of the commit
	Class int32  // number that AddClass returned
	Date  civil.Date
	N     int32
}

// Sums tells what changes add up to in each class, up to any date and any
// ordinal, without adding up all of them.
//
// A question asks for a corner of the plane of ordinals and dates. Most changes
// lie in blocks, which follow the log; inside a block they are sorted by date.
// Two rows of prefix sums go with the blocks: the sums of all blocks before each
// block (byBlock), and the sums of all blocks up to each of some dates (byDate).
//
//	ordinals
//	   ↑            │ as_of
//	   │  tail      │
//	   ├────────────┼────────────   known_at lies in this block
//	   │  block     │
//	   ├────────────┼────────────   byBlock: everything below this line
//	   │  block     │
//	   └────────┬───┴───────────→ dates
//	            byDate: everything left of this line
//
// A prefix sum differs from the corner by the changes between the two: at most
// about one block along each edge, and the part of the strip that lies beyond the
// corner. That part holds the changes that were recorded late (their date is at
// most as_of, their commit after known_at) or early; At begins with the prefix sum
// that leaves fewer. Most changes are recorded some days from their date, so both
// parts are small. At worst, when all dates were recorded at one time, At adds
// half of the changes of that time.
//
// Compact computes one prefix sum for as many changes as a prefix sum has classes,
// so that prefix sums take at most a third of the room of the changes. Behind the
// blocks comes a tail in log order, which holds at most one change in tailShare.
//
// The zero Sums is empty and ready to use. A Sums is a value: a copy stays as it
// is when the original is added to. The methods that add must be called by one
// goroutine at a time; others may read copies meanwhile.
type Sums struct {
	classes  int
	blocks   []block
	byBlock  [][]int32    // sums of the blocks before each block and, last, of all blocks, by class
	dates    []civil.Date // ascending
	byDate   [][]int32    // sums of all blocks up to each of dates, by class
	inBlocks int          // number of changes in the blocks
	tail     []Change
}

const tailShare = 16

// A block holds changes that follow each other in the log.
type block struct {
	first, last uint32   // ordinals
	changes     []Change // by date
}

// before returns how many changes of the block have a date before the given one.
func (b *block) before(date civil.Date) int {
	return sort.Search(len(b.changes), func(i int) bool { return b.changes[i].Date >= date })
}

// AddClass makes one more class and returns its number. Numbers count from 0.
func (s *Sums) AddClass() int32 {
	s.classes++
	return int32(s.classes - 1)
}

// Classes returns how many classes there are.
func (s *Sums) Classes() int { return s.classes }

// Len returns how many changes were appended.
func (s *Sums) Len() int { return s.inBlocks + len(s.tail) }

// Append adds a change. Ordinals must not go down from one change to the next, and
// the class must exist.
func (s *Sums) Append(c Change) { s.tail = append(s.tail, c) }

// At returns the sum of each class over the changes that were known at an ordinal
// and have a date up to asOf. It uses buffer if that is large enough.
func (s *Sums) At(known uint64, asOf civil.Date, buffer []int32) []int32 {
	sums := slices.Grow(buffer[:0], s.classes)[:s.classes]
	clear(sums)
	c := s.corner(known, asOf)
	if c.dateIsNearer(s) {
		c.fromDate(s, sums)
	} else {
		c.fromBlock(s, sums)
	}
	s.rest(c.whole, known, 0, asOf, func(c *Change) { sums[c.Class] += c.N })
	return sums
}

// A corner says which prefix sums are next to what is asked for.
type corner struct {
	whole int        // the first blocks, which are known as a whole
	date  int        // index of the last of Sums.dates up to asOf; -1 is none
	since civil.Date // the first date that this prefix sum leaves out
	end   civil.Date // the day after asOf
}

func (s *Sums) corner(known uint64, asOf civil.Date) corner {
	c := corner{end: asOf + 1}
	c.whole = sort.Search(len(s.blocks), func(i int) bool { return uint64(s.blocks[i].last) > known })
	c.date = sort.Search(len(s.dates), func(i int) bool { return s.dates[i] > asOf }) - 1
	if c.date >= 0 {
		c.since = s.dates[c.date] + 1
	}
	return c
}

// dateIsNearer reports whether fewer changes lie between the corner and the prefix
// sum of a date than between the corner and the prefix sum of a block.
func (c *corner) dateIsNearer(s *Sums) bool {
	toDate, toBlock := 0, 0
	for i := range s.blocks {
		b := &s.blocks[i]
		n := b.before(c.end)
		if i < c.whole {
			toDate += n - b.before(c.since)
			toBlock += len(b.changes) - n
		} else {
			toDate += b.before(c.since)
		}
	}
	return toDate <= toBlock
}

// fromDate begins with the prefix sum of a date. It adds the later dates of the
// known blocks, and takes away the blocks that were not known.
func (c *corner) fromDate(s *Sums, sums []int32) {
	if c.date >= 0 {
		copy(sums, s.byDate[c.date])
	}
	for i := range s.blocks {
		b := &s.blocks[i]
		if known := i < c.whole; known {
			add(sums, b.changes[b.before(c.since):b.before(c.end)], 1)
		} else {
			add(sums, b.changes[:b.before(c.since)], -1)
		}
	}
}

// fromBlock begins with the prefix sum of the known blocks and takes away the dates
// after as_of.
func (c *corner) fromBlock(s *Sums, sums []int32) {
	copy(sums, s.byBlock[c.whole])
	for i := range s.blocks[:c.whole] {
		b := &s.blocks[i]
		add(sums, b.changes[b.before(c.end):], -1)
	}
}

func add(sums []int32, changes []Change, sign int32) {
	for i := range changes {
		c := &changes[i]
		sums[c.Class] += sign * c.N
	}
}

// Between yields the changes known at an ordinal, of dates from first to last, in
// no order. A change is good until yield returns.
func (s *Sums) Between(known uint64, first, last civil.Date, yield func(*Change)) {
	whole := s.corner(known, last).whole
	for i := range s.blocks[:whole] {
		b := &s.blocks[i]
		part := b.changes[b.before(first):b.before(last+1)]
		for i := range part {
			yield(&part[i])
		}
	}
	s.rest(whole, known, first, last, yield)
}

// rest yields the changes known at an ordinal, of dates from first to last, that lie
// behind the blocks which are known as a whole.
func (s *Sums) rest(whole int, known uint64, first, last civil.Date, yield func(*Change)) {
	if whole < len(s.blocks) {
		b := &s.blocks[whole]
		part := b.changes[b.before(first):b.before(last+1)]
		for i := range part {
			if uint64(part[i].Ord) <= known {
				yield(&part[i])
			}
		}
		return // the tail came later
	}
	for i := range s.tail {
		c := &s.tail[i]
		if uint64(c.Ord) > known {
			return
		}
		if first <= c.Date && c.Date <= last {
			yield(c)
		}
	}
}
