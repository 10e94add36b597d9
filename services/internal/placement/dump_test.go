package placement

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dump writes out a state: everything that Apply and the decisions go by, and
// whether the indexes find it all.
func (s *State) Dump() string {
	var b strings.Builder
	for n, f := range s.facts {
		fmt.Fprintf(&b, "fact %d %+v\n", n, f)
		if n > 0 && s.fact(f.key) != uint32(n) {
			fmt.Fprintf(&b, "  is not in the index\n")
		}
	}
	for n, p := range s.persons {
		fmt.Fprintf(&b, "person %d %+v\n", n, p)
		if n > 0 && s.known(p.id) != uint32(n) {
			fmt.Fprintf(&b, "  is not in the index\n")
		}
	}
	for n, p := range s.posts {
		fmt.Fprintf(&b, "post %d %+v\n", n, p)
		if s.names[p.name] != uint32(n) {
			fmt.Fprintf(&b, "  is not in the index\n")
		}
	}
	for n, d := range s.details[1:] {
		fmt.Fprintf(&b, "detail %d %s %s %s %s %d %d\n", n, d.division.Value(), d.category.Value(), d.area.Value(), d.fund.Value(), d.standard, d.requiredDays)
	}
	for _, k := range slices.SortedFunc(maps.Keys(s.ahead), func(a, b [16]byte) int { return slices.Compare(a[:], b[:]) }) {
		fmt.Fprintf(&b, "ahead %x\n", k)
	}
	used := 0
	for _, x := range []index{s.keys, s.people} {
		for _, n := range x.slots {
			if n != 0 {
				used++
			}
		}
		used -= x.used
	}
	fmt.Fprintf(&b, "%d names, %d more in the indexes than counted\n", len(s.names), used)
	return b.String()
}
