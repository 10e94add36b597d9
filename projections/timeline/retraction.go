package timeline

import "slices"

// A fact is what one event said.
type fact[T any] struct {
	ref  Ref
	what T
}

// withoutRetracted removes the facts of events that were retracted.
func withoutRetracted[T any](facts []fact[T], v retractions) []fact[T] {
	return slices.DeleteFunc(facts, func(f fact[T]) bool { _, out := v[f.ref]; return out })
}

// retractions maps events to the first event that replaced or withdrew them.
type retractions map[Ref]Ref

func (v *retractions) add(target, by Ref) {
	if *v == nil {
		*v = make(retractions)
	}
	if old, ok := (*v)[target]; !ok || by < old {
		(*v)[target] = by
	}
}

// AppendRetraction appends to the packed facts of a post or a plan line that the event
// target was replaced or withdrawn by the event by. That is known since the event at,
// the later of the two.
func AppendRetraction(b []byte, at, target, by Ref) []byte {
	return appendUint(appendUint(append(appendUint(b, at), byte(tagRetracted)), target), by)
}

// AddRetraction adds to the person in a slot that the event target was replaced or
// withdrawn by the event by. That is known since the event at, the later of the two.
func (l *Leaf) AddRetraction(slot byte, at, target, by Ref) {
	l.b = append(appendUint(l.b, at-l.last), slot)
	l.b = append(appendUint(l.b, 1+uintSize(uint64(target))+uintSize(uint64(by))), byte(tagRetracted))
	l.b = appendUint(appendUint(l.b, target), by)
	l.last = at
}
