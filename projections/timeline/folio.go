package timeline

// There are many persons, and each has few and short facts. So the packed facts of
// FolioSize persons lie together in a folio, in log order, each with the slot of its
// person. The part of a folio that is written at a time is a leaf. Leaves that are
// joined mean what they meant apart. A fact in a leaf is:
//
//	distance of its ref from the ref before, 0 before the first   uvarint
//	slot                                                          1 byte
//	length of the fact                                            uvarint
//	fact                                                          tag, numbers, rest

// FolioSize is how many persons a folio holds.
const FolioSize = 256

// Folio returns the folio of a person and the slot in it.
func (n Number) Folio() (folio uint32, slot byte) { return uint32(n) / FolioSize, byte(n) }

// ReadPerson reads the person in a slot from the leaves of the folio, which come in
// their order. The person is as known at an ordinal: facts of later commits are left
// out, and so are events that were retracted by then. It fails with ErrDamaged.
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

// ReadFolio reads the persons of a folio that want selects, by slot, as ReadPerson does.
// A slot of whose person nothing was known is nil.
func ReadFolio(leaves [][]byte, known uint64, want func(slot byte) bool) (*[FolioSize]*Person, error) {
	all := new([FolioSize]*Person)
	sound := true
	for _, leaf := range leaves {
		err := EachFact(leaf, func(e FolioFact) {
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
		if p != nil && p.retractions != nil {
			p.dropRetracted()
		}
	}
	return all, nil
}

// A FolioFact is one fact of a person in a folio, as packed.
type FolioFact struct {
	Slot byte
	Ref  Ref
	Fact []byte
}

// EachFact calls yield with the facts of a leaf. It fails with ErrDamaged.
func EachFact(leaf []byte, yield func(FolioFact)) error {
	r := reader{b: leaf}
	var ref Ref
	for r.more() {
		ref += r.ref()
		e := FolioFact{Slot: r.byte(), Ref: ref}
		if e.Fact = r.bytes(r.int()); !r.bad {
			yield(e)
		}
	}
	if r.bad {
		return ErrDamaged
	}
	return nil
}
