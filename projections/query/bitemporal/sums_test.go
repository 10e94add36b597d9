package bitemporal_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/query/bitemporal"
	"pgregory.net/rapid"
)

// A hire of the 1st of May is known since commit 1; that it never was, since
// commit 2.
func Example() {
	var s bitemporal.Sums
	class, may := s.AddClass(), civil.MustDate("2022-05-01")
	s.Append(bitemporal.Change{Ord: 1, Class: class, Date: may, N: 1})
	s.Append(bitemporal.Change{Ord: 2, Class: class, Date: may, N: -1})
	fmt.Println(s.At(1, may-1, nil), s.At(1, may, nil), s.At(2, may, nil))
	// Output: [0] [1] [0]
}

// Goal: the sums up to any date and ordinal are those of one pass over all changes,
// and a copy keeps its sums when the original is added to. Method: random changes
// come in random numbers at a time, with Compact at random minimums in between;
// all copies are asked at random corners.
func TestSumsAreOnePass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minimum := rapid.IntRange(1, 40).Draw(t, "minimum")
		// Dates follow the log, or do not at all.
		lag := rapid.SampledFrom([]int{0, 3, 30, 400}).Draw(t, "lag")
		number := func(from, to int, what string) int { return rapid.IntRange(from, to).Draw(t, what) }
		const first = civil.Date(738000)
		var s bitemporal.Sums
		var all []bitemporal.Change
		var copies []bitemporal.Sums
		ord := 1
		for range number(1, 12, "rounds") {
			for range number(0, 60, "changes") {
				ord += number(0, 2, "step")
				class := number(0, min(s.Classes(), 9), "class")
				if class == s.Classes() {
					s.AddClass()
				}
				c := bitemporal.Change{Ord: uint32(ord), Class: int32(class), Date: first + civil.Date(max(0, ord+number(-lag, lag, "late"))), N: int32(number(-3, 3, "n"))}
				all = append(all, c)
				s.Append(c)
			}
			s.Compact(minimum)
			copies = append(copies, s)
		}
		for range 20 {
			known, asOf := uint64(number(0, ord+1, "known")), first+civil.Date(number(-1, ord+lag+1, "as_of"))
			from := asOf - civil.Date(number(0, 50, "days"))
			for _, s := range copies {
				sums, changes := onePass(all[:s.Len()], s.Classes(), known, from, asOf)
				if got := s.At(known, asOf, make([]int32, 3)); !slices.Equal(got, sums) {
					t.Fatalf("known at %d as of %v, %d changes: %v, want %v", known, asOf, s.Len(), got, sums)
				}
				got := make([]int32, s.Classes())
				s.Between(known, from, asOf, func(c *bitemporal.Change) { got[c.Class] += c.N })
				if !slices.Equal(got, changes) {
					t.Fatalf("known at %d from %v to %v: %v, want %v", known, from, asOf, got, changes)
				}
			}
		}
	})
}

// onePass returns the sum of each class up to asOf, and of the part from a date on.
func onePass(all []bitemporal.Change, classes int, known uint64, from, asOf civil.Date) (sums, changes []int32) {
	sums, changes = make([]int32, classes), make([]int32, classes)
	for _, c := range all {
		if uint64(c.Ord) <= known && c.Date <= asOf {
			sums[c.Class] += c.N
			if c.Date >= from {
				changes[c.Class] += c.N
			}
		}
	}
	return sums, changes
}
