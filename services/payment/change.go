package payment

import "strings"

// A change is what one event does to the lines of a run. Funds follow the
// lines, and the whole is undone at once.
type lineChange struct {
	state       *State
	run         *run
	linesBefore int        // lines before
	fundsBefore int        // funds before
	lines       lineRanges // set, in order
	old         []oldLine  // while the journal is open
}

type oldLine struct {
	n    uint32
	line line
}

// open begins a change of the run of a name, made when it is not there.
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

func (s *State) changeOf(r *run) *lineChange {
	return &lineChange{state: s, run: r, linesBefore: len(r.lines), fundsBefore: len(r.funds)}
}

// touch counts at the head of an id.
func (c *lineChange) countAtHead(name string, count func(line, int) line) {
	n, ok := c.run.names.head(name)
	if !ok {
		n = c.run.add(name)
	}
	c.set(n, count(c.run.line(n), 1))
}

// set replaces a line and lets its fund follow.
func (c *lineChange) set(n uint32, l line) {
	if c.state.Open() {
		c.old = append(c.old, oldLine{n, c.run.line(n)})
	}
	c.lines.add(n)
	c.put(n, l)
}

func (c *lineChange) put(n uint32, l line) {
	if was := c.run.line(n); was.fund == l.fund && was.amount == l.amount && (was.returned > 0) == (l.returned > 0) {
		c.run.set(n, l) // funds do not follow settlements
		return
	}
	c.addCommitted(n, -1)
	c.run.set(n, l)
	c.addCommitted(n, 1)
}

// weigh adds to the funds, or takes from them, what the lines under the id of
// line n are committed to: all that stand, but for the one that came back.
func (c *lineChange) addCommitted(n uint32, sign int64) {
	n = c.run.names.first(n)
	back := c.run.line(n).returned > 0
	for ok := true; ok; n, ok = c.run.names.more(n) {
		l := c.run.line(n)
		switch {
		case l.fund == 0:
		case back:
			back = false
		default:
			c.run.fund(l).committed += sign * l.amount
		}
	}
}

// close ends the change.
func (c *lineChange) close() { c.state.onRollback(c.undo) }

func (c *lineChange) undo() {
	for i := len(c.old) - 1; i >= 0; i-- {
		c.put(c.old[i].n, c.old[i].line)
	}
	for len(c.run.lines) > c.linesBefore {
		c.run.removeLast()
	}
	c.run.funds = c.run.funds[:c.fundsBefore]
}
