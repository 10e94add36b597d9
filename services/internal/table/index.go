package table

import "math"

// An Index is a hash table from a 64-bit hash of a record to the number of the record. It
// does not hold the records. Number 0 stands for none. The zero Index is empty.
//
// The table uses open addressing with linear probing. Beside each number is a tag, 7 bits
// of its hash, so that a probe seldom looks at a record that is not the one sought. The
// hash selects one of 64 parts. Each part grows by half when it is seven eighths full, and
// the parts grow at different times. So an eighth to a half of the slots is free at any
// time, and a number takes 6 to 8 bytes.
type Index struct {
	parts [parts]part
	used  int
}

const (
	parts        = 64
	smallestPart = 8   // slots of a new part; up to growth times as many
	growth       = 1.5 // the size of a part, over its size before
)

// A part is a hash table of its own.
type part struct {
	tags    []uint8  // by slot; 0 if the slot is free
	numbers []uint32 // by slot
	used    int      // slots
}

// Len returns how many numbers are in the index.
func (x *Index) Len() int { return x.used }

// spread mixes the bits of a hash, so that hashes that differ in few bits get different
// slots. It is the finisher of SplitMix64 (Steele, Lea, Flood 2014) without its last round.
func spread(hash uint64) uint64 {
	hash = (hash ^ hash>>32) * 0x9e3779b97f4a7c15
	hash = (hash ^ hash>>29) * 0xbf58476d1ce4e5b9
	return hash ^ hash>>32
}

// start returns the part and the slot where a probe for a hash begins, and the tag of the
// hash.
func (x *Index) start(hash uint64) (p *part, slot int, tag uint8) {
	hash = spread(hash)
	p = &x.parts[hash>>58]
	return p, int(uint64(uint32(hash>>26)) * uint64(len(p.tags)) >> 32), uint8(hash) | 0x80
}

// next returns the slot after a slot; the last is followed by the first.
func (p *part) next(slot int) int {
	if slot++; slot == len(p.tags) {
		return 0
	}
	return slot
}

// Find returns a number that was added with a hash and for which is returns true. It
// returns 0 if there is none.
func (x *Index) Find(hash uint64, is func(n uint32) bool) uint32 {
	p, slot, tag := x.start(hash)
	if len(p.tags) == 0 {
		return 0
	}
	for ; p.tags[slot] != 0; slot = p.next(slot) {
		if p.tags[slot] == tag && is(p.numbers[slot]) {
			return p.numbers[slot]
		}
	}
	return 0
}

// Add adds the number n, which must not be 0. hash returns the hash of a number. Add calls
// it for n, and for all numbers of a part when the part grows.
func (x *Index) Add(n uint32, hash func(n uint32) uint64) {
	h := hash(n)
	i := spread(h) >> 58
	if p := &x.parts[i]; 8*(p.used+1) > 7*len(p.tags) {
		x.grow(i, hash)
	}
	x.insert(n, h)
	x.used++
}

// grow gives part i more slots.
func (x *Index) grow(i uint64, hash func(n uint32) uint64) {
	old := x.parts[i]
	size := int(float64(len(old.tags)) * growth)
	if size == 0 {
		// The first sizes differ from part to part, so that not all parts grow at once.
		size = int(smallestPart * math.Pow(growth, float64(i)/parts))
	}
	x.parts[i] = part{tags: make([]uint8, size), numbers: make([]uint32, size)}
	for slot, tag := range old.tags {
		if tag != 0 {
			x.insert(old.numbers[slot], hash(old.numbers[slot]))
		}
	}
}

// insert puts a number in the first free slot of its probe.
func (x *Index) insert(n uint32, hash uint64) {
	p, slot, tag := x.start(hash)
	for p.tags[slot] != 0 {
		slot = p.next(slot)
	}
	p.tags[slot], p.numbers[slot] = tag, n
	p.used++
}

// Drop removes the number n, which must be in the index. The numbers after it, up to the
// next free slot, are inserted again, so that probes still find them.
func (x *Index) Drop(n uint32, hash func(n uint32) uint64) {
	p, slot, _ := x.start(hash(n))
	for p.tags[slot] == 0 || p.numbers[slot] != n {
		slot = p.next(slot)
	}
	x.used--
	p.used--
	p.tags[slot] = 0
	for next := p.next(slot); p.tags[next] != 0; next = p.next(next) {
		p.tags[next] = 0
		p.used--
		x.insert(p.numbers[next], hash(p.numbers[next]))
	}
}
