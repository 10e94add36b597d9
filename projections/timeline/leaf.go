package timeline

import "encoding/binary"

// Persons are many and each of their facts is short, so the packed facts of
// FolioSize persons lie together in a folio, in log order, each preceded by
// the person's slot. What is written at a time is a leaf of the folio; leaves
// join into one without change of meaning.
//
// An entry is: distance of its ref from that of the entry before (from 0 at the
// beginning of a leaf), slot, length of the fact, fact.

// FolioSize is how many persons a folio holds.
const FolioSize = 256

// Folio returns the folio of a person and the slot in it.
func (n Number) Folio() (folio uint32, slot byte) { return uint32(n) / FolioSize, byte(n) }

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

// ReadPerson reads the facts of the person in a slot from the leaves of the
// folio, in their order, as they were known at an ordinal: facts of later
// commits are left out, and so is what was voided by then. It fails with
// ErrDamaged.
func ReadPerson(leaves [][]byte, slot byte, known uint64) (*Person, error) {
	all, err := ReadFolio(leaves, known, func(s byte) bool { return s == slot })
	if err != nil {
		return nil, err
	}
	if p := all[slot]; p != nil {
		return p, nil
	}
	return new(Person), nil
}

// ReadFolio reads the persons of a folio that want selects, by slot; slots of
// whom nothing was known are nil.
func ReadFolio(leaves [][]byte, known uint64, want func(slot byte) bool) (*[FolioSize]*Person, error) {
	all := new([FolioSize]*Person)
	sound := true
	for _, leaf := range leaves {
		err := Entries(leaf, func(e Entry) {
			if e.Ref.Ord() > known || !want(e.Slot) {
				return
			}
			if all[e.Slot] == nil {
				all[e.Slot] = new(Person)
			}
			sound = sound && all[e.Slot].read(e.Fact, e.Ref)
		})
		if err != nil || !sound {
			return nil, ErrDamaged
		}
	}
	for _, p := range all {
		if p != nil && p.voids != nil {
			p.leaveOut()
		}
	}
	return all, nil
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
