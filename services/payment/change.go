package payment

import "strings"

// A lineChange is what one event does to the lines of a run. Each change of a line also changes
// the sums of its fund. If the round is rolled back, the whole lineChange is undone at once.
type lineChange struct {
	state       *State
	run         *run
	linesBefore int        // lines of the run before
	fundsBefore int        // funds of the run before
	lines       lineRanges // the changed lines, in order
	old         []oldLine  // what the lines were; only while the journal is open
}

// An oldLine is a line before it was changed.
type oldLine struct {
	n    uint32
	line line
}

// openChange begins a change of the run with a name. If there is no such run, openChange makes
// it.
func (s *State) openChange(name string) *lineChange {
	r := s.runs[name]
	if r == nil {
		r = new(run)
		name = strings.Clone(name)
		s.runs[name] = r
		s.onRollback(func() { delete(s.runs, name) })
	}
	return s.changeOf(r)
}

// changeOf begins a change of a run.
func (s *State) changeOf(r *run) *lineChange {
	return &lineChange{state: s, run: r, linesBefore: len(r.lines), fundsBefore: len(r.funds)}
}

// countAtHead adds 1 to a count of the head of a line id. If the run has no such id, countAtHead
// adds an empty line.
func (c *lineChange) countAtHead(name string, count func(line, int) line) {
	n, ok := c.run.names.head(name)
	if !ok {
		n = c.run.add(name)
	}
	c.set(n, count(c.run.line(n), 1))
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
	if was := c.run.line(n); was.fund == l.fund && was.amount == l.amount && (was.returned > 0) == (l.returned > 0) {
		c.run.set(n, l) // a settlement does not change the sums
		return
	}
	c.addCommitted(n, -1)
	c.run.set(n, l)
	c.addCommitted(n, 1)
}

// addCommitted adds the amounts of the lines under the id of line n to the sums of their funds,
// or subtracts them if sign is -1. Of the instructed lines under an id that came back, the
// first is left out, since its money is in the fund again.
func (c *lineChange) addCommitted(n uint32, sign int64) {
	n = c.run.names.first(n)
	returned := c.run.line(n).returned > 0
	for ok := true; ok; n, ok = c.run.names.more(n) {
		l := c.run.line(n)
		switch {
		case l.fund == 0:
		case returned:
			returned = false
		default:
			c.run.fund(l).committed += sign * l.amount
		}
	}
}

// close ends the change and notes how to undo it.
func (c *lineChange) close() { c.state.onRollback(c.undo) }

// undo restores the lines, the funds and their sums.
func (c *lineChange) undo() {
	for i := len(c.old) - 1; i >= 0; i-- {
		c.put(c.old[i].n, c.old[i].line)
	}
	for len(c.run.lines) > c.linesBefore {
		c.run.removeLast()
	}
	c.run.funds = c.run.funds[:c.fundsBefore]
}
