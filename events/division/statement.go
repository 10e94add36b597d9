package division

import (
	"maps"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A Statement says of a code for which division it stands, from one day until another.
type Statement struct {
	Code      Code
	Name      string
	ValidFrom civil.Date // 0 is always
	ValidTo   civil.Date // first day on which the code no longer holds; 0 is never
	Successor Code       // that takes the place of the code on ValidTo; empty if there is none
}

// With returns the table that says what t says, and the statements, which are valid. A statement
// takes the place of one of the same code and the same ValidFrom, and ends what was said of the code
// for the days after its ValidFrom. So the order of statements counts only for those of the same
// code and day: then the last one holds.
func (t *Table) With(statements ...Statement) *Table {
	n := &Table{names: maps.Clone(t.names), codes: slices.Clone(t.codes), dated: maps.Clone(t.dated)}
	if n.names == nil {
		n.names = map[Code]string{}
	}
	if n.dated == nil {
		n.dated = map[Code][]Statement{}
	}
	for _, s := range statements {
		said := n.statements(s.Code)
		i, same := slices.BinarySearchFunc(said, s.ValidFrom, func(s Statement, from civil.Date) int { return int(s.ValidFrom - from) })
		if same {
			said = slices.Clone(said)
			said[i] = s
		} else {
			said = slices.Insert(slices.Clip(said), i, s)
		}
		if !n.Has(s.Code) {
			n.codes = append(n.codes, s.Code)
		}
		n.dated[s.Code], n.names[s.Code] = said, said[len(said)-1].Name
	}
	slices.Sort(n.codes)
	return n
}

// statements returns what the table says of a code, by the first day.
func (t *Table) statements(c Code) []Statement {
	if said, ok := t.dated[c]; ok {
		return said
	}
	if name, ok := t.names[c]; ok {
		return []Statement{{Code: c, Name: name}}
	}
	return nil
}

// HoldsAlways reports whether a code exists and nothing is said of its days.
func (t *Table) HoldsAlways(c Code) bool {
	_, dated := t.dated[c]
	return t.Has(c) && !dated
}

// On returns what the table says of a code on a day: the statement that began last. It returns
// false if the code does not hold on that day. What it returns then says when the code ended, and
// is zero if it had not begun.
func (t *Table) On(c Code, day civil.Date) (s Statement, holds bool) {
	for _, said := range t.statements(c) {
		if said.ValidFrom > day {
			break
		}
		s = said
	}
	return s, s.Code != "" && (s.ValidTo == 0 || day < s.ValidTo)
}

// HoldsIn reports whether a code holds on one day at least, from one until before another.
func (t *Table) HoldsIn(c Code, from, until civil.Date) bool {
	said := t.statements(c)
	for i, s := range said {
		ends := s.ValidTo
		if i+1 < len(said) && (ends == 0 || said[i+1].ValidFrom < ends) {
			ends = said[i+1].ValidFrom
		}
		if s.ValidFrom < until && (ends == 0 || from < ends) {
			return true
		}
	}
	return false
}

// mostSuccessors is how many successors of each other are followed, so that a circle ends.
const mostSuccessors = 16

// Successor returns the code that has taken the place of one that no longer holds on a day: its
// successor, or that one's, and so on until one holds. It returns false if c holds, or if nothing
// has taken its place.
func (t *Table) Successor(c Code, day civil.Date) (Code, bool) {
	for range mostSuccessors {
		s, holds := t.On(c, day)
		if holds || s.Successor == "" {
			return "", false
		}
		c = s.Successor
		if _, holds := t.On(c, day); holds {
			return c, true
		}
	}
	return "", false
}

// Statements yields what the table says of the divisions under a prefix, by code and first day.
func (t *Table) Statements(prefix string) func(yield func(Statement) bool) {
	return func(yield func(Statement) bool) {
		for c := range t.Under(prefix) {
			for _, s := range t.statements(c) {
				if !yield(s) {
					return
				}
			}
		}
	}
}
