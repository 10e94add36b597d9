package timeline

import "encoding/binary"

// A Subject identifies a timeline to which an event contributes.
type Subject struct {
	Kind SubjectKind
	No   uint32 // number of the timeline within its kind
}

// A SubjectKind is a kind of timeline. Its values are stored, so they must not
// change.
type SubjectKind byte

// The kinds of timelines.
const (
	OfPost SubjectKind = iota
	OfPlan
	OfPerson
)

// AppendSubjects packs the subjects of one event. The packed subjects of a
// commit are those of its events, concatenated in order.
func AppendSubjects(b []byte, subjects []Subject) []byte {
	b = appendUint(b, len(subjects))
	last := int64(0)
	for _, s := range subjects {
		d := int64(s.No) - last
		b = binary.AppendUvarint(b, uint64(d<<1^d>>63)<<2|uint64(s.Kind))
		last = int64(s.No)
	}
	return b
}

// ReadSubjects returns the subjects of the event with the given index in its
// commit. ReadSubjects returns ErrDamaged if the subjects cannot be read.
func ReadSubjects(b []byte, index int) ([]Subject, error) {
	r := reader{b: b}
	for i := 0; r.more(); i++ {
		n := r.int()
		if i == index && n <= len(r.b) && n >= 0 {
			return r.subjects(n)
		}
		for ; n > 0 && !r.bad; n-- {
			r.uint()
		}
	}
	return nil, ErrDamaged
}

func (r *reader) subjects(n int) ([]Subject, error) {
	all := make([]Subject, n)
	last := int64(0)
	for i := range all {
		v := r.uint()
		d := v >> 2
		last += int64(d>>1) ^ -int64(d&1)
		all[i] = Subject{SubjectKind(v & 3), uint32(last)}
	}
	if r.bad {
		return nil, ErrDamaged
	}
	return all, nil
}
