package timeline

import "encoding/binary"

// The log names persons by pseudonyms of 16 bytes; the read model names them by
// Numbers. Two kinds of leaves hold the mapping. The leaves of a folio map
// numbers to pseudonyms: they list the pseudonyms of the folio's persons in the
// order of their slots. The leaves of a bucket map pseudonyms to numbers: they
// list the numbers of the persons whose pseudonyms have hashes with the same
// leading bits.
//
// An entry of either kind begins with the Ref of the event that first named the
// person. The Ref is packed as its distance from the Ref of the entry before,
// or from 0 at the beginning of a leaf. In a folio's leaf the pseudonym
// follows. In a bucket's leaf the number and the lower half of the hash, in
// four bytes, follow.

// PersonHash returns the hash of a pseudonym. Hashes are stored, so the
// function must not change. Pseudonyms are random, so combining their halves is
// enough. The factor is odd, so pseudonyms that differ in one half alone have
// different hashes.
func PersonHash(id [16]byte) uint64 {
	return binary.LittleEndian.Uint64(id[:8]) ^ binary.LittleEndian.Uint64(id[8:])*0x9e3779b97f4a7c15
}

// bucketBits is the number of leading bits of a hash that select its bucket.
// With 10 bits, a bucket of a programme of a million persons has about ten
// kilobytes, which is what one look-up reads, and the buckets are few enough to
// write all of them cheaply.
const bucketBits = 10

// Bucket returns the bucket, from 0 to 1023, of the persons whose pseudonyms
// have the hash.
func Bucket(hash uint64) int { return int(hash >> (64 - bucketBits)) }

// AddPseudonym adds to the leaf the pseudonym id of the person in the next slot
// of the folio; ref is the event that first named the person. The leaf must
// hold only pseudonyms. ReadPseudonyms reads such a leaf.
func (l *Leaf) AddPseudonym(ref Ref, id [16]byte) {
	l.b = append(appendUint(l.b, ref-l.last), id[:]...)
	l.last = ref
}

// ReadPseudonyms calls yield with each entry of a leaf written by AddPseudonym,
// in order. ReadPseudonyms returns ErrDamaged if the leaf cannot be read.
func ReadPseudonyms(leaf []byte, yield func(ref Ref, id [16]byte)) error {
	r := reader{b: leaf}
	var ref Ref
	for r.more() {
		ref += r.ref()
		if id := r.bytes(16); !r.bad {
			yield(ref, [16]byte(id))
		}
	}
	if r.bad {
		return ErrDamaged
	}
	return nil
}

// A Bearer is a person in a bucket: the event that first named the person, the
// person's number, and the lower half of the hash of the pseudonym. Several
// persons of a bucket may have the same half.
type Bearer struct {
	Ref  Ref
	No   Number
	Half uint32
}

// AddBearer adds a person to a leaf of a bucket. The leaf must hold only
// bearers. ReadBearers reads such a leaf.
func (l *Leaf) AddBearer(b Bearer) {
	l.b = appendUint(appendUint(l.b, b.Ref-l.last), b.No)
	l.b = binary.LittleEndian.AppendUint32(l.b, b.Half)
	l.last = b.Ref
}

// ReadBearers calls yield with each entry of a leaf written by AddBearer, in
// order. ReadBearers returns ErrDamaged if the leaf cannot be read.
func ReadBearers(leaf []byte, yield func(Bearer)) error {
	r := reader{b: leaf}
	var b Bearer
	for r.more() {
		b.Ref += r.ref()
		b.No = Number(r.uint())
		if half := r.bytes(4); !r.bad {
			b.Half = binary.LittleEndian.Uint32(half)
			yield(b)
		}
	}
	if r.bad {
		return ErrDamaged
	}
	return nil
}
