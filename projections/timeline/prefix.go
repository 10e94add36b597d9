package timeline

// Prefix returns those of the packed facts of a post or a plan line that commits up to
// the ordinal known have added. The result is a part of facts. If facts cannot be read,
// Prefix fails with ErrDamaged.
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
		case tagRetracted:
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
