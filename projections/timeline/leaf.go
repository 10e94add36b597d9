package timeline

import "encoding/binary"

// A Leaf is a part of a folio while it is written. The zero Leaf is empty.
// Events are added in log order.
type Leaf struct {
	b    []byte
	last Ref
}

// Bytes returns the packed leaf; nothing may be added while it is in use.
func (l *Leaf) Bytes() []byte { return l.b }

// Use has the leaf, which must be empty, begin in memory that is used for nothing
// else.
func (l *Leaf) Use(memory []byte) { l.b = memory[:0] }

// Last returns the last event of the leaf.
func (l *Leaf) Last() Ref { return l.last }

// Join adds a packed leaf behind, whose events are all later. It fails with
// ErrDamaged.
func (l *Leaf) Join(b []byte, last Ref) error {
	first, n := binary.Uvarint(b)
	if n <= 0 || Ref(first) < l.last {
		return ErrDamaged
	}
	l.b = append(appendUint(l.b, Ref(first)-l.last), b[n:]...)
	l.last = last
	return nil
}

// Len returns how many bytes the leaf has.
func (l *Leaf) Len() int { return len(l.b) }

// AddRef adds an event to a leaf that holds nothing but events; ReadRefs reads
// it.
func (l *Leaf) AddRef(ref Ref) {
	l.b = appendUint(l.b, ref-l.last)
	l.last = ref
}

// ReadRefs calls yield with the events of such a leaf. It fails with
// ErrDamaged.
func ReadRefs(leaf []byte, yield func(Ref)) error {
	r := reader{b: leaf}
	var ref Ref
	for r.more() {
		ref += r.ref()
		yield(ref)
	}
	if r.bad {
		return ErrDamaged
	}
	return nil
}

// AddRows adds the packed rows that a commit brought to a leaf that holds nothing
// but such; ReadRows reads them. An entry is: distance from the ref of the commit
// before (from 0 at the beginning of a leaf), length, rows.
func (l *Leaf) AddRows(ord uint64, rows []byte) {
	ref := MakeRef(ord, 0)
	l.b = appendUint(appendUint(l.b, ref-l.last), len(rows))
	l.b = append(l.b, rows...)
	l.last = ref
}

// ReadRows calls yield with the rows of each commit of such a leaf, which are
// part of it, until it fails. It fails with ErrDamaged itself.
func ReadRows(leaf []byte, yield func(ord uint64, rows []byte) error) error {
	r := reader{b: leaf}
	var ref Ref
	for r.more() {
		ref += r.ref()
		if rows := r.bytes(r.int()); !r.bad {
			if err := yield(ref.Ord(), rows); err != nil {
				return err
			}
		}
	}
	if r.bad {
		return ErrDamaged
	}
	return nil
}
