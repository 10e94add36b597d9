package cube

import (
	"github.com/muster-works/muster/projections/query/bitemporal"
	"github.com/muster-works/muster/projections/view"
)

// classSums are bitemporal sums with what each class stands for.
type classSums struct {
	bitemporal.Sums
	codes   [view.AxisCount][]int32 // by class; of durations only the division
	measure []int32                 // by class, of durations
}

// addCount makes a class of a view of counts.
func (s *classSums) addCount(codes [view.AxisCount]int32) int32 {
	for axis, code := range codes {
		s.codes[axis] = append(s.codes[axis], code)
	}
	return s.AddClass()
}

// addDuration makes a class of a view of durations.
func (s *classSums) addDuration(division, measure int32) int32 {
	s.codes[view.Division] = append(s.codes[view.Division], division)
	s.measure = append(s.measure, measure)
	return s.AddClass()
}

// A rollUp finds the classes of sums that are rolled up.
type rollUp struct {
	classes map[signature]int32
	of      []int32 // class by cell number − 1, and one more; 0 is not known
}

// A signature is what the rows of one class of a roll-up have in common. An axis that
// is rolled up has the code 0.
type signature struct {
	codes   [view.AxisCount]int32
	measure int32
}

// class returns the class of a cell, whose signature is always the same.
func (r *rollUp) class(s *classSums, cell int32, of signature) int32 {
	known := slot(&r.of, cell)
	if *known == 0 {
		class, ok := r.classes[of]
		if !ok {
			class = r.add(of, s.addCount(of.codes))
		}
		*known = class + 1
	}
	return *known - 1
}

// find returns the class of a duration.
func (r *rollUp) find(s *classSums, of signature) int32 {
	class, ok := r.classes[of]
	if !ok {
		class = r.add(of, s.addDuration(of.codes[view.Division], of.measure))
	}
	return class
}

func (r *rollUp) add(of signature, class int32) int32 {
	if r.classes == nil {
		r.classes = map[signature]int32{}
	}
	r.classes[of] = class
	return class
}
