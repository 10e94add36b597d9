package placement

import "math/bits"

// An index finds the number of an element of a table by a hash of it: open
// addressing, 4 bytes a slot, 6 to 11 bytes an element. Number 0 is none.
type index struct {
	slots []uint32
	used  int
}

// slot spreads a hash over the slots, whichever of its bits differ.
func (x *index) slot(hash uint64) uint64 {
	hash ^= hash >> 32
	return (hash * 0x9e3779b97f4a7c15) >> bits.LeadingZeros64(uint64(len(x.slots)-1))
}

// find returns the number with a hash that is the one sought, 0 when there is
// none.
func (x *index) find(hash uint64, is func(n uint32) bool) uint32 {
	if len(x.slots) == 0 {
		return 0
	}
	mask := uint64(len(x.slots) - 1)
	for at := x.slot(hash); x.slots[at] != 0; at = (at + 1) & mask {
		if n := x.slots[at]; is(n) {
			return n
		}
	}
	return 0
}

// add enters the number n; hash is asked for that of every number when the
// index grows.
func (x *index) add(n uint32, hash func(n uint32) uint64) {
	if x.used++; 3*x.used <= 2*len(x.slots) {
		x.enter(n, hash(n))
		return
	}
	old := x.slots
	x.slots = make([]uint32, max(16, 2*len(old)))
	for _, m := range old {
		if m != 0 {
			x.enter(m, hash(m))
		}
	}
	x.enter(n, hash(n))
}

func (x *index) enter(n uint32, hash uint64) {
	mask := uint64(len(x.slots) - 1)
	at := x.slot(hash)
	for x.slots[at] != 0 {
		at = (at + 1) & mask
	}
	x.slots[at] = n
}

// drop takes n out again. Those behind it move up, so that every probe goes on
// finding them.
func (x *index) drop(n uint32, hash func(n uint32) uint64) {
	mask := uint64(len(x.slots) - 1)
	at := x.slot(hash(n))
	for x.slots[at] != n {
		at = (at + 1) & mask
	}
	x.used--
	x.slots[at] = 0
	for next := (at + 1) & mask; x.slots[next] != 0; next = (next + 1) & mask {
		m := x.slots[next]
		x.slots[next] = 0
		x.enter(m, hash(m))
	}
}
