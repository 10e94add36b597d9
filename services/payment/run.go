package payment

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
)

// A run is one pay run: its lines in the order in which they were first named,
// and an index of them.
//
// A province has ten million lines a year, so a line takes 24 bytes and its
// place in the index 5 to 11, and no string is kept.
type run struct {
	lines []line
	index []uint32 // open addressing by id: the line's number + 1, 0 is free
}

// A line is what stands under one line id: who is paid what, and how often
// that was settled and returned.
//
// In record mode an id may be instructed twice, and each time takes a line.
// The first line under the id is its head: it counts for the id, and may do so
// before any instruction came. What is settled and what comes back is the
// earliest line under the id that stands.
type line struct {
	id     uint64 // of lineID
	person uint32 // in State.persons
	part   uint32 // the act in State.acts that instructed it, 0 when none stands
	state  uint64 // amount in the low 50 bits; of a head how often settled, then how often returned
}

const (
	amountBits = 50
	countBits  = 7
	maxAmount  = 1<<amountBits - 1
	maxCount   = 1<<countBits - 1
)

// lineID is 64 bits of a SHA-256: in a run of a million lines two ids share
// them with a chance of one in forty million.
func lineID(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return binary.LittleEndian.Uint64(sum[:])
}

func (l line) amount() int64 { return int64(l.state & maxAmount) }
func (l line) settled() int  { return int(l.state >> amountBits & maxCount) }
func (l line) returned() int { return int(l.state >> (amountBits + countBits)) }

// instruct makes the line that of a part.
func (l line) instruct(part, person uint32, amount int64) line {
	l.part, l.person = part, person
	l.state = l.state&^maxAmount | uint64(min(max(amount, 0), maxAmount))
	return l
}

// settle and giveBack count by n, 1 or -1. A count that has reached its end
// stays there: the line is settled or returned for good.
func (l line) settle(n int) line   { return l.count(amountBits, l.settled(), n) }
func (l line) giveBack(n int) line { return l.count(amountBits+countBits, l.returned(), n) }

func (l line) count(shift, now, n int) line {
	if now == maxCount || now+n < 0 {
		return l
	}
	l.state = l.state&^(maxCount<<shift) | uint64(now+n)<<shift
	return l
}

// under yields the numbers of the lines with an id, the head first.
func (r *run) under(id uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if len(r.index) == 0 {
			return
		}
		mask := uint64(len(r.index) - 1)
		for at := id & mask; r.index[at] != 0; at = (at + 1) & mask {
			if n := r.index[at] - 1; r.lines[n].id == id && !yield(n) {
				return
			}
		}
	}
}

// head returns the head of an id.
func (r *run) head(id uint64) (n uint32, ok bool) {
	for n := range r.under(id) {
		return n, true
	}
	return 0, false
}

// free returns the line that an instruction fills: the earliest with no part.
func (r *run) free(id uint64) (n uint32, ok bool) {
	for n := range r.under(id) {
		if r.lines[n].part == 0 {
			return n, true
		}
	}
	return 0, false
}

// paid returns the line that a settlement or return of an id is about; its
// part is 0 when none stands.
func (r *run) paid(id uint64) line {
	for n := range r.under(id) {
		if l := r.lines[n]; l.part != 0 {
			return l
		}
	}
	return line{}
}

// add appends an empty line.
func (r *run) add(id uint64) uint32 {
	n := uint32(len(r.lines))
	r.lines = append(r.lines, line{id: id})
	if 4*len(r.lines) > 3*len(r.index) {
		r.index = make([]uint32, max(8, 2*len(r.index)))
		for n := range r.lines {
			r.enter(uint32(n))
		}
	} else {
		r.enter(n)
	}
	return n
}

func (r *run) enter(n uint32) {
	mask := uint64(len(r.index) - 1)
	at := r.lines[n].id & mask
	for r.index[at] != 0 {
		at = (at + 1) & mask
	}
	r.index[at] = n + 1
}

// cut takes back the last add. No line was entered later, so none was probed
// past the place that becomes free.
func (r *run) cut() {
	n := uint32(len(r.lines) - 1)
	mask := uint64(len(r.index) - 1)
	at := r.lines[n].id & mask
	for r.index[at] != n+1 {
		at = (at + 1) & mask
	}
	r.index[at] = 0
	r.lines = r.lines[:n]
}

// spans are line numbers in the order given, as runs of consecutive ones: the
// lines of an event mostly follow each other.
type spans []span

type span struct{ first, n uint32 }

func (s *spans) add(n uint32) {
	if len(*s) > 0 {
		if last := &(*s)[len(*s)-1]; last.first+last.n == n {
			last.n++
			return
		}
	}
	*s = append(*s, span{n, 1})
}

func (s spans) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, p := range s {
			for i := range p.n {
				if !yield(p.first + i) {
					return
				}
			}
		}
	}
}
