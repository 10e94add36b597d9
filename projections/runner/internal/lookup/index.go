// Package lookup finds small numbers by what they stand for, in the memory that a
// rebuild of a province can spare: open addressing in one array, since a Go map takes
// several times the memory and twice the time.
package lookup

import "math/bits"

// An Index finds numbers by the hashes of what they stand for. A place of its array has
// eight bytes: the number, and the half of the hash that did not choose the place. So
// nearly every number that is met is the one sought; the caller compares what the
// number stands for. Numbers are not 0. The zero Index is empty.
type Index struct {
	places []uint64
	used   int
	sum    Prefetched
}

// Prefetched is a sum of values that were read to have them in the caches when they are
// needed. A search branches by what it finds, and a processor that took the wrong
// branch throws away what it asked the memory for; reads that no branch depends on go
// on side by side. The sum keeps the compiler from leaving the reads out.
type Prefetched uint64

// Prefetch reads the place at which the search for a hash begins.
func (x *Index) Prefetch(hash uint64) {
	if len(x.places) > 0 {
		x.sum += Prefetched(x.places[Home(hash, len(x.places))])
	}
}

// Home returns the place that a hash chooses of n. It grows with the hash, so a larger
// array is filled from the front to the back, and n need not be a power of two.
func Home(hash uint64, n int) int {
	at, _ := bits.Mul64(hash, uint64(n))
	return int(at)
}

// Crowded reports whether n places, of which some are used, are too few for one more.
func Crowded(used, n int) bool { return 4*used >= 3*n }

// Larger returns how many places follow n: twice as many while they are few, and then
// half as many more, so that few stand empty.
func Larger(n int) int {
	if n < 1<<18 {
		return max(64, 2*n)
	}
	return n + n/2
}

// PlacesFor returns how many places there are once n numbers have been added.
func PlacesFor(n int) (places int) {
	for n > 0 && Crowded(n-1, places) {
		places = Larger(places)
	}
	return places
}

// Reserve empties the index and makes room for n numbers.
func (x *Index) Reserve(n int) { *x = Index{places: make([]uint64, PlacesFor(n))} }

// First returns the first number that may be the one with a hash, and its place; 0 when
// there is none.
func (x *Index) First(hash uint64) (at int, no uint32) {
	if len(x.places) == 0 {
		return 0, 0
	}
	return x.from(Home(hash, len(x.places)), hash)
}

// Next returns the next number after a place that may be the one with a hash.
func (x *Index) Next(at int, hash uint64) (int, uint32) { return x.from(x.after(at), hash) }

func (x *Index) from(at int, hash uint64) (int, uint32) {
	for {
		p := x.places[at]
		if p == 0 || uint32(p>>32) == uint32(hash) {
			return at, uint32(p)
		}
		at = x.after(at)
	}
}

func (x *Index) after(at int) int {
	if at++; at == len(x.places) {
		return 0
	}
	return at
}

// Add adds a number. hashOf returns the hash of a number that was added before: the
// array has half of it, which is too little to grow by.
func (x *Index) Add(hash uint64, no uint32, hashOf func(no uint32) uint64) {
	if Crowded(x.used, len(x.places)) {
		old := x.places
		x.places = make([]uint64, Larger(len(old)))
		for _, p := range old {
			if p != 0 {
				x.put(hashOf(uint32(p)), uint32(p))
			}
		}
	}
	x.put(hash, no)
	x.used++
}

func (x *Index) put(hash uint64, no uint32) {
	at := Home(hash, len(x.places))
	for x.places[at] != 0 {
		at = x.after(at)
	}
	x.places[at] = hash<<32 | uint64(no)
}
