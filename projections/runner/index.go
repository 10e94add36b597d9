package runner

// An index finds numbers by the hashes of what they stand for: open addressing
// in one array of eight bytes a place, since the Go map takes several times the
// memory and half the speed. A place holds the number and the half of the hash
// that did not choose it, so that nearly all that is met is what is sought; it
// is compared by whoever asks. The zero index is empty. Numbers are not 0.
type index struct {
	places []uint64
	used   int
}

// first returns the place of the first number that may be the one with a hash,
// and the number; 0 when there is none.
func (x *index) first(hash uint64) (at int, no uint32) {
	if len(x.places) == 0 {
		return 0, 0
	}
	return x.from(int(hash)&(len(x.places)-1), hash)
}

// next returns the next one after a place.
func (x *index) next(at int, hash uint64) (int, uint32) {
	return x.from((at+1)&(len(x.places)-1), hash)
}

func (x *index) from(at int, hash uint64) (int, uint32) {
	for {
		p := x.places[at]
		if p == 0 || p>>32 == hash>>32 {
			return at, uint32(p)
		}
		at = (at + 1) & (len(x.places) - 1)
	}
}

// add adds a number. hashOf returns the hash of one that was added before.
func (x *index) add(hash uint64, no uint32, hashOf func(no uint32) uint64) {
	if x.used*4 >= len(x.places)*3 {
		old := x.places
		x.places = make([]uint64, max(64, 2*len(old)))
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
	at := int(hash) & (len(x.places) - 1)
	for x.places[at] != 0 {
		at = (at + 1) & (len(x.places) - 1)
	}
	x.places[at] = hash>>32<<32 | uint64(no)
}
