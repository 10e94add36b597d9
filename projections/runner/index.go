package runner

import "math/bits"

// An index finds numbers by the hashes of what they stand for: open addressing
// in one array of eight bytes a place, since the Go map takes several times the
// memory and twice the time. A place holds the number and the half of the hash
// that did not choose it, so that nearly all that is met is what is sought; it
// is compared by whoever asks. The zero index is empty. Numbers are not 0.
type index struct {
	places []uint64
	used   int
	asked  asked
}

// Asked sums up what was read for nothing but to have it nearby when it is needed.
// Whoever searches goes one way or another by what is found, and a processor that
// took the wrong one forgets what it asked the memory for; reading that is the same
// for all goes on without waiting. The sum is there so that the reading is done.
type asked uint64

// ask reads the place at which the search for a hash begins.
func (x *index) ask(hash uint64) {
	if len(x.places) > 0 {
		x.asked += asked(x.places[home(hash, len(x.places))])
	}
}

// home is the place that a hash chooses of n. It grows with the hash, so a
// larger array is filled from the front to the back, and n need not be a power
// of two.
func home(hash uint64, n int) int {
	at, _ := bits.Mul64(hash, uint64(n))
	return int(at)
}

// crowded says whether n places are too few for one more.
func crowded(used, n int) bool { return 4*used >= 3*n }

// larger is how many places follow n: twice as many while they are few, and half
// as many more then, so that few stand empty.
func larger(n int) int {
	if n < 1<<18 {
		return max(64, 2*n)
	}
	return n + n/2
}

// placesFor is how many places there are once n numbers have been added.
func placesFor(n int) (places int) {
	for n > 0 && crowded(n-1, places) {
		places = larger(places)
	}
	return places
}

// first returns the place of the first number that may be the one with a hash,
// and the number; 0 when there is none.
func (x *index) first(hash uint64) (at int, no uint32) {
	if len(x.places) == 0 {
		return 0, 0
	}
	return x.from(home(hash, len(x.places)), hash)
}

// next returns the next one after a place.
func (x *index) next(at int, hash uint64) (int, uint32) { return x.from(x.after(at), hash) }

func (x *index) from(at int, hash uint64) (int, uint32) {
	for {
		p := x.places[at]
		if p == 0 || uint32(p>>32) == uint32(hash) {
			return at, uint32(p)
		}
		at = x.after(at)
	}
}

func (x *index) after(at int) int {
	if at++; at == len(x.places) {
		return 0
	}
	return at
}

// add adds a number. hashOf returns the hash of one that was added before.
func (x *index) add(hash uint64, no uint32, hashOf func(no uint32) uint64) {
	if crowded(x.used, len(x.places)) {
		old := x.places
		x.places = make([]uint64, larger(len(old)))
		for _, p := range old {
			if p != 0 {
				x.put(hashOf(uint32(p)), uint32(p))
			}
		}
	}
	x.put(hash, no)
	x.used++
}

func (x *index) put(hash uint64, no uint32) {
	at := home(hash, len(x.places))
	for x.places[at] != 0 {
		at = x.after(at)
	}
	x.places[at] = hash<<32 | uint64(no)
}
