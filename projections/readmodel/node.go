package readmodel

import "math/bits"

// node returns the number in [from, until) that 2 divides most often; from is
// at least 1.
func node(from, until uint64) int64 {
	last := until - 1
	k := bits.Len64((from-1)^last) - 1
	return int64(last >> k << k)
}

// ancestors returns every number that can be the node of an interval that
// holds ord.
func ancestors(ord uint64) []int64 {
	var all []int64
	for k := range 48 { // more commits than that are not to be had
		n := ord>>(k+1)<<(k+1) | 1<<k
		all = append(all, int64(n))
	}
	return all
}
