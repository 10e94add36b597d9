package timeline

// Prefix returns the packed facts of a post or a plan line up to an ordinal:
// what was packed when it was the last. It fails with ErrDamaged.
func Prefix(facts []byte, known uint64) ([]byte, error) {
	r := reader{b: facts}
	p := new(Post)
	for r.more() {
		at := len(facts) - len(r.b)
		ref, tag := r.ref(), Tag(r.byte())
		if ref.Ord() > known {
			return facts[:at], nil
		}
		switch tag {
		case tagVoid:
			r.ref()
			r.ref()
		case TagPlanned:
			r.int()
		default:
			if !p.read(&r, tag, ref, true) {
				return nil, ErrDamaged
			}
		}
	}
	if r.bad {
		return nil, ErrDamaged
	}
	return facts, nil
}

// An Entry is one fact of a person in a folio, as packed.
type Entry struct {
	Slot byte
	Ref  Ref
	Fact []byte
}

// Entries calls yield with the facts of a leaf. It fails with ErrDamaged.
func Entries(leaf []byte, yield func(Entry)) error {
	r := reader{b: leaf}
	var ref Ref
	for r.more() {
		ref += r.ref()
		e := Entry{Slot: r.byte(), Ref: ref}
		if e.Fact = r.bytes(r.int()); !r.bad {
			yield(e)
		}
	}
	if r.bad {
		return ErrDamaged
	}
	return nil
}
