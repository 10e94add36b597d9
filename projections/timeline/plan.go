package timeline

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// A PlanKey identifies a plan by division, year and area.
type PlanKey struct {
	Division division.Code
	Year     int
	Area     string
}

// PlanKeyOf returns the key of a plan.set. If the data has no division, the key
// has the division of the event, at.
func PlanKeyOf(at division.Code, d *events.PlanSet) PlanKey {
	if d.Division != "" {
		at = d.Division
	}
	return PlanKey{at, d.Year, d.Area}
}

// A Plan holds the known facts of one plan.
type Plan struct {
	PlanKey
	set []fact[int]
	trail
}

// AppendPlanned packs a plan.set.
func AppendPlanned(b []byte, ref Ref, seats int) []byte {
	return appendUint(append(appendUint(b, ref), byte(TagPlanned)), seats)
}

// ReadPlan reads a plan from its packed facts, as known at the ordinal known.
// ReadPlan returns ErrDamaged if the facts cannot be read.
func ReadPlan(key PlanKey, facts []byte, known uint64) (*Plan, error) {
	p := &Plan{PlanKey: key}
	r := reader{b: facts}
	for r.more() {
		ref, tag := r.ref(), Tag(r.byte())
		later := ref.Ord() > known
		switch tag {
		case tagRetracted:
			p.retract(r.ref(), r.ref(), later)
		case TagPlanned:
			p.mention(ref, later)
			if n := r.int(); !later {
				p.set = append(p.set, fact[int]{ref, n})
			}
		default:
			return nil, ErrDamaged
		}
	}
	if r.bad {
		return nil, ErrDamaged
	}
	if p.retractions != nil {
		p.set = withoutRetracted(p.set, p.retractions)
	}
	return p, nil
}

// Seats returns the number of planned seats, which is the number set last in
// log order. No other answer of a timeline depends on log order; this one does
// because the contract says that the last plan.set holds.
func (p *Plan) Seats() int {
	last := fact[int]{}
	for _, s := range p.set {
		if s.ref >= last.ref {
			last = s
		}
	}
	return last.what
}
