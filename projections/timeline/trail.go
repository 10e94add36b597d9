package timeline

import "slices"

// A trail records every event that contributed to a timeline.
type trail struct {
	refs        []Ref
	retractions retractions
}

func (t *trail) mention(ref Ref, later bool) {
	if !later && (len(t.refs) == 0 || t.refs[len(t.refs)-1] != ref) {
		t.refs = append(t.refs, ref)
	}
}

func (t *trail) retract(target, by Ref, later bool) {
	if !later {
		t.retractions.add(target, by)
	}
}

// Trail returns the events that contributed to the timeline, in log order,
// including the events that replaced or withdrew others.
func (t *trail) Trail() []Ref {
	refs := slices.Clone(t.refs)
	for _, by := range t.retractions {
		refs = append(refs, by)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// Retracted returns the first event that replaced or withdrew the event at ref.
// Retracted reports false if the event at ref stands.
func (t *trail) Retracted(ref Ref) (by Ref, ok bool) {
	by, ok = t.retractions[ref]
	return by, ok
}
