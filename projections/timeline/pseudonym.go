package timeline

import "encoding/binary"

// The log names persons by pseudonyms of 16 bytes. Which number has which
// pseudonym lies in leaves, for both ways to ask: by folio, the pseudonyms of its
// persons in the order of their slots; and by bucket, the numbers of those whose
// pseudonyms have hashes that begin alike.
//
// Both kinds of entries begin with the distance of the ref from that of the entry
// before (from 0 at the beginning of a leaf); it is that of the event which named
// the person first. Behind it stands the pseudonym, or the number and the lower
// half of the hash, in four bytes.

// PersonHash returns the hash of a pseudonym. It is stored, so it stays as it is.
// Pseudonyms are random: it only folds their halves, so that one which counts in
// one half alone is spread, too.
func PersonHash(id [16]byte) uint64 {
	return binary.LittleEndian.Uint64(id[:8]) ^ binary.LittleEndian.Uint64(id[8:])*0x9e3779b97f4a7c15
}

// bucketBits are so many that a bucket of a million persons is ten kilobytes, which
// is what finding one reads, and so few that writing all buckets is little work.
const bucketBits = 10

// Bucket returns the bucket of the persons with a hash, from 0 to 1023.
func Bucket(hash uint64) int { return int(hash >> (64 - bucketBits)) }

// AddPseudonym adds that of the person in the next slot of a folio, whom an event
// named first, to a leaf that holds nothing but such; ReadPseudonyms reads it.
func (l *Leaf) AddPseudonym(ref Ref, id [16]byte) {
	l.b = append(appendUint(l.b, ref-l.last), id[:]...)
	l.last = ref
}

// ReadPseudonyms calls yield with the entries of such a leaf. It fails with
// ErrDamaged.
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

// A Bearer is a person in a bucket: the event that named the person first, the
// number, and the lower half of the hash of the pseudonym. Others may have the
// same half.
type Bearer struct {
	Ref  Ref
	No   Number
	Half uint32
}

// AddBearer adds a person to a leaf of a bucket that holds nothing but such;
// ReadBearers reads it.
func (l *Leaf) AddBearer(b Bearer) {
	l.b = appendUint(appendUint(l.b, b.Ref-l.last), b.No)
	l.b = binary.LittleEndian.AppendUint32(l.b, b.Half)
	l.last = b.Ref
}

// ReadBearers calls yield with the entries of such a leaf. It fails with
// ErrDamaged.
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
