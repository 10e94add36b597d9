package division

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
)

// A ChangeKind says what became of a division between two editions.
type ChangeKind string

// The kinds of change.
const (
	Renamed ChangeKind = "renamed" // the code stayed, the name did not
	Recoded ChangeKind = "recoded" // the name stayed, the code did not
	Merged  ChangeKind = "merged"  // with what To holds
	Split   ChangeKind = "split"   // into what To holds, and into itself if the code stayed
	Dropped ChangeKind = "dropped" // and nothing says what took its place
	Added   ChangeKind = "added"
)

// A Change is what became of one division between two editions.
type Change struct {
	Kind    ChangeKind
	Code    Code   // in the old edition; in the new one if it was added
	Name    string // in the edition of Code
	NewName string // of Renamed
	To      []Code // in the new edition; empty for Renamed, Dropped and Added
}

// Changes returns what became of the divisions of an old edition in a new one on a day, by code. Only
// the divisions under the widest ones of the new edition are compared. What took the place of a
// code is what the new edition says. Where it says nothing, it is the division of the same
// name under what took the place of the parent. A division whose name is made of another one's, such as 王庄东村 beside 王庄村, was
// split off from that.
func Changes(old, edition *Table, on civil.Date) []Change {
	c := &comparison{old: old, edition: edition, on: on, successors: map[Code]Code{}, from: map[Code][]Code{}, named: map[place][]Code{}}
	c.compare()
	slices.SortFunc(c.changes, func(a, b Change) int { return cmp.Compare(a.Code, b.Code) })
	return c.changes
}

type comparison struct {
	old, edition *Table
	on           civil.Date
	begun, ended []Code
	named        map[place][]Code // what began, by its place
	successors   map[Code]Code    // of what ended
	from         map[Code][]Code  // what ended, by its successor
	changes      []Change
}

// A place is what a division has in common with the one whose place it takes.
type place struct {
	parent Code
	name   string
	level  Level
}

func (c *comparison) compare() {
	for code := range c.edition.Under("") {
		now, holds := c.edition.On(code, c.on)
		was, held := c.old.On(code, c.on)
		switch {
		case holds && !held:
			c.begun = append(c.begun, code)
			at := place{code.parent(), now.Name, code.Level()}
			c.named[at] = append(c.named[at], code)
		case holds && was.Name != now.Name:
			c.add(Change{Kind: Renamed, Code: code, Name: was.Name, NewName: now.Name})
		}
	}
	for _, root := range c.edition.roots() {
		for code := range c.old.Under(root.Prefix()) {
			_, holds := c.edition.On(code, c.on)
			if _, held := c.old.On(code, c.on); held && !holds {
				c.ended = append(c.ended, code) // wide ones before narrow ones
			}
		}
	}
	for _, code := range c.ended {
		if to, ok := c.successor(code); ok {
			c.successors[code], c.from[to] = to, append(c.from[to], code)
		}
	}
	for _, code := range c.ended {
		c.explainEnd(code)
	}
	for _, code := range c.begun {
		if len(c.from[code]) == 0 && !c.isPart(code) {
			c.add(Change{Kind: Added, Code: code, Name: c.edition.Name(code)})
		}
	}
}

func (c *comparison) add(n Change) { c.changes = append(c.changes, n) }

// successor returns what took the place of a code that ended.
func (c *comparison) successor(code Code) (Code, bool) {
	if to, ok := c.edition.Successor(code, c.on); ok {
		return to, true
	}
	parent := code.parent()
	if to, moved := c.successors[parent]; moved {
		parent = to
	}
	found := c.named[place{parent, c.old.Name(code), code.Level()}]
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// explainEnd adds what became of a code that ended.
func (c *comparison) explainEnd(code Code) {
	n := Change{Kind: Dropped, Code: code, Name: c.old.Name(code)}
	if to, ok := c.successors[code]; ok {
		n.Kind, n.To = Recoded, []Code{to}
		if _, held := c.old.On(to, c.on); held || len(c.from[to]) > 1 {
			n.Kind = Merged
		}
	} else if parts := c.parts(code); len(parts) > 1 {
		n.Kind, n.To = Split, parts
	}
	c.add(n)
}

// parts returns the divisions beside a code that began, and whose names are made of its name.
func (c *comparison) parts(code Code) (parts []Code) {
	for _, n := range c.begun {
		if len(c.from[n]) == 0 && n.Level() == code.Level() && n.parent() == code.parent() && strings.HasPrefix(c.edition.Name(n), stem(c.old.Name(code))) {
			parts = append(parts, n)
		}
	}
	return parts
}

// isPart reports whether a code that began was split off from another one, and adds that the first
// time that it sees the other one, if the other one did not end.
func (c *comparison) isPart(code Code) bool {
	for whole := range c.old.Under(code.parent().Prefix()) {
		if whole.Level() != code.Level() || !strings.HasPrefix(c.edition.Name(code), stem(c.old.Name(whole))) {
			continue
		}
		parts := c.parts(whole)
		if _, holds := c.edition.On(whole, c.on); holds && parts[0] == code {
			c.add(Change{Kind: Split, Code: whole, Name: c.old.Name(whole), To: parts})
			return true
		} else if holds || len(parts) > 1 {
			return true
		}
	}
	return false
}

// stem returns a name without what all villages are called.
func stem(name string) string {
	for _, suffix := range [...]string{"村民委员会", "居民委员会", "村委会", "居委会"} {
		name = strings.TrimSuffix(name, suffix)
	}
	for _, suffix := range [...]string{"社区", "村"} {
		if short := strings.TrimSuffix(name, suffix); len(short) > len("王") {
			name = short
		}
	}
	return name
}

// parent returns the division that a code lies in. A province lies in itself.
func (c Code) parent() Code {
	if l := c.Level(); l > Province {
		return c.At(l - 1)
	}
	return c
}

// roots returns the widest divisions of a table.
func (t *Table) roots() (roots []Code) {
	for _, c := range t.codes {
		if len(roots) == 0 || !c.Under(roots[len(roots)-1].Prefix()) {
			roots = append(roots, c)
		}
	}
	return roots
}

// Difference returns the statements that make a table say from a day on what an edition says. What
// the edition says of days itself, see [Load], stands as it is. What the edition does not have ends on
// that day.
func Difference(now, edition *Table, from civil.Date) (list []Statement) {
	for code := range edition.Under("") {
		for _, s := range edition.statements(code) {
			if _, dated := edition.dated[code]; !dated {
				if said, holds := now.On(code, from); holds && said.Name == s.Name {
					continue
				}
				s.ValidFrom = from
			}
			if !slices.Contains(now.statements(code), s) {
				list = append(list, s)
			}
		}
	}
	for _, change := range Changes(now, edition, from) {
		if _, dated := edition.dated[change.Code]; dated || change.Kind == Renamed || change.Kind == Added {
			continue
		}
		s, _ := now.On(change.Code, from)
		if _, stays := edition.On(change.Code, from); stays {
			continue
		}
		if s.ValidTo, s.Successor = from, ""; len(change.To) == 1 {
			s.Successor = change.To[0]
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.ValidFrom, b.ValidFrom))
	})
	return list
}
