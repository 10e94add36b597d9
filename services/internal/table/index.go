package table

import "math"

// An Index finds the number of a record by a hash of it: open addressing with
// a byte of the hash beside each number, so that a probe seldom looks at a
// record that is not the one sought. Number 0 is none. The zero Index is empty.
//
// It is cut into parts by the hash, which grow by half, each by itself and all
// at different times: at any size an eighth to a half of the slots is free, and
// a number takes 6 to 8 bytes.
type Index struct {
	parts [parts]part
	used  int
}

const (
	parts        = 64
	smallestPart = 8   // slots a part begins with, or a few more
	growth       = 1.5 // from one size of a part to the next
)

type part struct {
	tags    []uint8 // of the hash, 0 is free
	numbers []uint32
	used    int
}

// Len returns how many numbers are in the index.
func (x *Index) Len() int { return x.used }

// spread mixes a hash, whichever of its bits differ. The finisher is that of
// SplitMix64 (Steele, Lea, Flood 2014), with its last round left out.
func spread(hash uint64) uint64 {
	hash = (hash ^ hash>>32) * 0x9e3779b97f4a7c15
	hash = (hash ^ hash>>29) * 0xbf58476d1ce4e5b9
	return hash ^ hash>>32
}

// place says where a probe begins, and what stands there beside the number.
func (x *Index) start(hash uint64) (p *part, slot int, tag uint8) {
	hash = spread(hash)
	p = &x.parts[hash>>58]
	return p, int(uint64(uint32(hash>>26)) * uint64(len(p.tags)) >> 32), uint8(hash) | 0x80
}

func (p *part) next(slot int) int {
	if slot++; slot == len(p.tags) {
		return 0
	}
	return slot
}

// Find returns the number added under a hash that is the one sought, 0 when
// there is none.
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

// Add enters the number n; hash is asked for that of numbers in the part that
// grows.
func (x *Index) Add(n uint32, hash func(n uint32) uint64) {
	h := hash(n)
	i := spread(h) >> 58
	if p := &x.parts[i]; 8*(p.used+1) > 7*len(p.tags) {
		x.grow(i, hash)
	}
	x.insert(n, h)
	x.used++
}

func (x *Index) grow(i uint64, hash func(n uint32) uint64) {
	old := x.parts[i]
	size := int(float64(len(old.tags)) * growth)
	if size == 0 {
		// The first sizes of the parts lie evenly between one size and the next.
		size = int(smallestPart * math.Pow(growth, float64(i)/parts))
	}
	x.parts[i] = part{tags: make([]uint8, size), numbers: make([]uint32, size)}
	for slot, tag := range old.tags {
		if tag != 0 {
			x.insert(old.numbers[slot], hash(old.numbers[slot]))
		}
	}
}

func (x *Index) insert(n uint32, hash uint64) {
	p, slot, tag := x.start(hash)
	for p.tags[slot] != 0 {
		slot = p.next(slot)
	}
	p.tags[slot], p.numbers[slot] = tag, n
	p.used++
}

// Drop takes n out again. Those behind it move up, so that every probe goes on
// finding them.
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
