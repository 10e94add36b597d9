package payment

import (
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A lineChange is what one event does to the lines of a run. Each change of a line also changes
// the sums of its fund. If the round is rolled back, the whole lineChange is undone at once.
type lineChange struct {
	state        *State
	run          *run
	linesBefore  int        // lines of the run before
	pursesBefore int        // purses of the run before
	lines        lineRanges // the changed lines, in order
	old          []oldLine  // what the lines were; only while the journal is open
	oldParts     []oldParts // what the parts of lines were, likewise
}

// An oldLine is a line before it was changed.
type oldLine struct {
	n    uint32
	line line
}

// oldParts are the parts of a line before they were changed.
type oldParts struct {
	n     uint32
	parts []part
}

// openChange begins a change of the run with a key. If there is no such run, openChange makes
// it.
func (s *State) openChange(key events.RunKey) *lineChange {
	r := s.runs[key]
	if r == nil {
		key = events.RunKey{Source: strings.Clone(key.Source), Run: strings.Clone(key.Run)}
		r = &run{source: key.Source}
		s.runs[key] = r
		s.onRollback(func() { delete(s.runs, key) })
	}
	return s.changeOf(r)
}

// changeOf begins a change of a run.
func (s *State) changeOf(r *run) *lineChange {
	return &lineChange{state: s, run: r, linesBefore: len(r.lines), pursesBefore: len(r.purses)}
}

// set replaces line n and notes the old line for undo.
func (c *lineChange) set(n uint32, l line) {
	if c.state.Open() {
		c.old = append(c.old, oldLine{n, c.run.line(n)})
	}
	c.lines.add(n)
	c.put(n, l)
}

// put replaces line n and adjusts the sums of its fund.
func (c *lineChange) put(n uint32, l line) {
	if was := c.run.line(n); was.fund == l.fund && was.amount == l.amount {
		c.run.set(n, l) // a settlement does not change the sums
		return
	}
	c.post(n, -1)
	c.run.set(n, l)
	c.post(n, 1)
}

// addPart adds a part to head n and notes the old parts for undo.
func (c *lineChange) addPart(n uint32, p part) {
	c.putParts(n, append(slices.Clone(c.run.parts[n]), p))
}

// removePart removes a part of head n that equals p, and notes the old parts for undo.
func (c *lineChange) removePart(n uint32, p part) {
	i := slices.Index(c.run.parts[n], p)
	if i < 0 {
		return
	}
	c.putParts(n, slices.Delete(slices.Clone(c.run.parts[n]), i, i+1))
}

// putParts replaces the parts of head n and adjusts the sums of its funds.
func (c *lineChange) putParts(n uint32, parts []part) {
	if c.state.Open() {
		c.oldParts = append(c.oldParts, oldParts{n, c.run.parts[n]})
	}
	c.replaceParts(n, parts)
}

func (c *lineChange) replaceParts(n uint32, parts []part) {
	c.post(n, -1)
	if len(parts) == 0 {
		delete(c.run.parts, n)
	} else {
		if c.run.parts == nil {
			c.run.parts = map[uint32][]part{}
		}
		c.run.parts[n] = parts
	}
	c.post(n, 1)
}

// post adds what the lines under the id of line n take from their funds to the sums of these
// funds, or subtracts it if sign is -1.
func (c *lineChange) post(n uint32, sign int64) {
	if l, ok := c.run.alone(n); ok {
		if l.fund != 0 {
			p := c.run.purses[l.fund-1]
			p.fund.change(p.on, 0, sign*l.amount)
		}
		return
	}
	a := c.run.account(n)
	a.moves(func(f *fund, on civil.Date, amount int64) { f.change(on, 0, sign*amount) })
}

// close ends the change and notes how to undo it.
func (c *lineChange) close() { c.state.onRollback(c.undo) }

// undo restores the lines, the purses and the sums of funds.
func (c *lineChange) undo() {
	for i := len(c.oldParts) - 1; i >= 0; i-- {
		c.replaceParts(c.oldParts[i].n, c.oldParts[i].parts)
	}
	for i := len(c.old) - 1; i >= 0; i-- {
		c.put(c.old[i].n, c.old[i].line)
	}
	for len(c.run.lines) > c.linesBefore {
		c.run.removeLast()
	}
	c.run.purses = c.run.purses[:c.pursesBefore]
}
