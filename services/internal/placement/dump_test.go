package placement

import (
	"fmt"
	"iter"
	"strings"

	"github.com/muster-works/muster/services/internal/table"
)

// Dump returns a text of everything in a state that Apply and the decisions use, and whether
// the hash tables find all of it.
func (s *State) Dump() string {
	var b strings.Builder
	for n, f := range all(&s.facts) {
		if *f != (fact{}) {
			fmt.Fprintf(&b, "fact %d %+v\n", n, *f)
		}
	}
	for n, p := range all(&s.persons) {
		fmt.Fprintf(&b, "person %d %+v\n", n, *p)
		if n > 0 && s.known(p.id) != uint32(n) {
			fmt.Fprintf(&b, "  is not in the index\n")
		}
	}
	for n, p := range all(&s.posts) {
		fmt.Fprintf(&b, "post %d %+v\n", n, *p)
		if s.named(p.name) != uint32(n) {
			fmt.Fprintf(&b, "  is not in the index\n")
		}
	}
	for n, d := range all(&s.details) {
		if n == 0 {
			continue
		}
		fmt.Fprintf(&b, "detail %d %s %s %s %s %s %s %d %d %v\n", n, d.division.Value(), d.category.Value(), d.area.Value(),
			d.kind.Value(), d.employer.Value(), d.fund.Value(), d.standard, d.requiredDays, d.titled)
	}
	for n, code := range all(&s.codes) {
		fmt.Fprintf(&b, "code %d %s\n", n, *code)
	}
	fmt.Fprintf(&b, "%d persons and %d posts are indexed\n", s.people.Len(), s.names.Len())
	return b.String()
}

// all yields the records of a list by number.
func all[T any](l *table.List[T]) iter.Seq2[int, *T] {
	return func(yield func(int, *T) bool) {
		for n := range l.Len() {
			if !yield(n, l.At(uint32(n))) {
				return
			}
		}
	}
}
