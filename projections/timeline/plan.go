package timeline

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// A PlanKey says what a plan is for.
type PlanKey struct {
	Division division.Code
	Year     int
	Area     string
}

// PlanKeyOf returns the key of a plan.set. A division left out in the data is
// that of the event.
func PlanKeyOf(at division.Code, d *events.PlanSet) PlanKey {
	if d.Division != "" {
		at = d.Division
	}
	return PlanKey{at, d.Year, d.Area}
}

// A Plan is what is known of the plan of a division, year and area.
type Plan struct {
	PlanKey
	set []fact[int]
	trail
}

// AppendPlanned packs a plan.set.
func AppendPlanned(b []byte, ref Ref, seats int) []byte {
	return appendUint(append(appendUint(b, ref), byte(TagPlanned)), seats)
}

// ReadPlan reads the packed facts of a plan as they were known at an ordinal.
// It fails with ErrDamaged.
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

// Seats returns the number of seats planned: what was set last, in log order.
// This is the one answer that depends on that order, since the contract says
// that the last one holds.
func (p *Plan) Seats() int {
	last := fact[int]{}
	for _, s := range p.set {
		if s.ref >= last.ref {
			last = s
		}
	}
	return last.what
}
