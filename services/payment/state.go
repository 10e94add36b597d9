package payment

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/table"
)

// A State is the result of the events of the family: funds with what is left in them, and
// pay runs with what became of each line. It implements [command.State].
//
// As long as the events do not contradict each other, the State depends only on the set of its
// events and not on their order. Settlements and returns that come before their line is
// instructed count once it is, and so do withdrawals that come before their event.
type State struct {
	command.StateBase
	funds       map[string]*fund
	runs        map[events.RunKey]*run
	persons     table.List[events.Person] // by number; number 0 is nobody
	personIndex table.Index               // of persons, by pseudonym
	effects     map[uint32]effect         // by the number of the event; without superseded events
}

// An effect is what one event did to funds and lines. It is kept so that it can be taken back.
type effect struct {
	kind   effectKind
	fund   *fund      // of an allocation, a surrender or an instruction
	amount int64      // of an allocation or a surrender
	on     civil.Date // of an allocation or a surrender
	until  civil.Date // of an allocation that is usable until a day
	run    *run       // of the others, with the lines that it changed
	lines  lineRanges // that it instructed, or settled whole
	parts  []linePart // what it says of parts of lines
}

// A linePart is a part of the line with a number.
type linePart struct {
	line uint32
	part part
}

// An effectKind says what an event did. The numbers are written in snapshots.
type effectKind uint8

const (
	noEffect effectKind = iota
	allocation
	instruction
	settlement
	restitution // a return or a reversal: money that came back
	surrender
	rejection
)

// NewState makes the state of an empty log.
func NewState() *State {
	s := &State{
		funds: map[string]*fund{}, runs: map[events.RunKey]*run{}, effects: map[uint32]effect{},
	}
	s.persons.Add(events.Person{})
	return s
}

// Apply is [command.State.Apply].
func (s *State) Apply(e *events.Event, n command.IndexEntry) {
	s.revert(n.Supersedes)
	if n.Ineffective {
		return
	}
	switch d := e.Data.(type) {
	case *events.FundAllocated:
		a := effect{kind: allocation, fund: s.fund(d.Fund), amount: int64(d.Amount), on: d.Day(), until: d.UsableUntil}
		s.keepEffect(n.Number, a)
		s.allocate(a, 1)
		s.setDivision(a.fund, d.Division)
	case *events.FundSurrendered:
		a := effect{kind: surrender, fund: s.fund(d.Fund), amount: int64(d.Amount), on: d.On}
		s.keepEffect(n.Number, a)
		s.allocate(a, 1)
	case *events.PaymentInstructed:
		s.instruct(n.Number, d)
	case *events.PaymentSettled:
		s.say(n.Number, settlement, d.RunKey(), len(d.Lines), func(i int) (string, part) {
			return d.Lines[i].Line, part{settledPart, 0, int64(d.Lines[i].Amount)}
		})
	case *events.PaymentRejected:
		s.say(n.Number, rejection, d.RunKey(), len(d.Lines), func(i int) (string, part) {
			return d.Lines[i].Line, part{rejectedPart, d.On, int64(d.Lines[i].Amount)}
		})
	case events.Restitution:
		_, lines := d.Restitution()
		s.say(n.Number, restitution, d.RunKey(), len(lines), func(i int) (string, part) {
			return lines[i].Line, part{returnedPart, lines[i].On, int64(lines[i].Amount)}
		})
	}
}

// instruct applies the instruction with a number.
func (s *State) instruct(number uint32, d *events.PaymentInstructed) {
	c := s.openChange(d.RunKey())
	f := s.fund(d.Fund)
	purse := c.run.purseNumber(purse{f, d.Day()})
	for i := range d.Lines {
		l := &d.Lines[i]
		n, ok := c.run.freeLine(l.Line)
		if !ok {
			n = c.run.add(l.Line)
		}
		c.set(n, c.run.line(n).instruct(purse, s.personNumber(l.Person), int64(l.Amount)))
	}
	s.keepEffect(number, effect{kind: instruction, fund: f, run: c.run, lines: slices.Clip(c.lines)})
	c.close()
}

// say applies an event with a number that says something of n lines of a run. A line that is
// settled whole is counted at its head; everything else is a part.
func (s *State) say(number uint32, kind effectKind, key events.RunKey, n int, line func(i int) (string, part)) {
	c := s.openChange(key)
	a := effect{kind: kind, run: c.run}
	for i := range n {
		id, p := line(i)
		head, ok := c.run.names.head(id)
		if !ok {
			head = c.run.add(id)
		}
		if p == (part{kind: settledPart}) {
			c.set(head, c.run.line(head).settle(1))
			continue
		}
		c.addPart(head, p)
		a.parts = append(a.parts, linePart{head, p})
	}
	a.lines, a.parts = slices.Clip(c.lines), slices.Clip(a.parts)
	s.keepEffect(number, a)
	c.close()
}

// revert takes back the effect of the event with number n, if it had one.
func (s *State) revert(n uint32) {
	a, ok := s.effects[n]
	if !ok {
		return
	}
	switch a.kind {
	case allocation, surrender:
		s.allocate(a, -1)
		if a.kind == allocation && a.fund.allocations == 0 {
			s.setDivision(a.fund, "")
		}
	case instruction:
		s.changeLines(a, func(l line) line { return l.instruct(0, 0, 0) })
	default:
		s.changeLines(a, func(l line) line { return l.settle(-1) })
	}
	delete(s.effects, n)
	s.onRollback(func() { s.effects[n] = a })
}

// changeLines changes each line of an effect, and removes its parts.
func (s *State) changeLines(a effect, become func(line) line) {
	c := s.changeOf(a.run)
	for n := range a.lines.all() {
		c.set(n, become(a.run.line(n)))
	}
	for _, p := range a.parts {
		c.removePart(p.line, p.part)
	}
	c.close()
}

// onRollback notes how to undo a change, if the journal is open.
func (s *State) onRollback(undo func()) {
	if s.Open() {
		s.Did(undo)
	}
}

// keepEffect keeps the effect of the event with number n.
func (s *State) keepEffect(n uint32, a effect) {
	s.effects[n] = a
	s.onRollback(func() { delete(s.effects, n) })
}

// allocate applies an allocation or a surrender, or takes it back if sign is -1.
func (s *State) allocate(a effect, sign int) {
	a.post(sign)
	s.onRollback(func() { a.post(-sign) })
}

// post adds an allocation or a surrender to the sums of its fund.
func (a effect) post(sign int) {
	amount := int64(sign) * a.amount
	if a.kind == surrender {
		a.fund.change(a.on, -amount, 0)
		a.fund.surrendered += amount
		return
	}
	a.fund.allocations += sign
	a.fund.change(a.on, amount, 0)
	a.fund.limit(a.until, amount)
}

// setDivision sets the division of a fund. It clones the string, which belongs to the event.
func (s *State) setDivision(f *fund, d division.Code) {
	was := f.division
	if was == d {
		return
	}
	f.division = division.Code(strings.Clone(string(d)))
	s.onRollback(func() { f.division = was })
}

// fund returns the fund with a name. If there is none, fund makes it.
func (s *State) fund(name string) *fund {
	f := s.funds[name]
	if f == nil {
		f = new(fund)
		name = strings.Clone(name)
		s.funds[name] = f
		s.onRollback(func() { delete(s.funds, name) })
	}
	return f
}

// personNumber returns the number of a person. If the person has none, personNumber gives one.
func (s *State) personNumber(p events.Person) uint32 {
	if p == (events.Person{}) {
		return 0
	}
	n := s.personIndex.Find(hashPerson(p), func(n uint32) bool { return *s.persons.At(n) == p })
	if n == 0 {
		n = s.persons.Add(p)
		s.personIndex.Add(n, s.personHash)
		s.onRollback(func() {
			s.personIndex.Drop(n, s.personHash)
			s.persons.Cut(int(n))
		})
	}
	return n
}

// numberOf returns the number of a person, or 0 if the person has none.
func (s *State) numberOf(p events.Person) uint32 {
	return s.personIndex.Find(hashPerson(p), func(n uint32) bool { return *s.persons.At(n) == p })
}

// personHash returns the hash of the person with number n.
func (s *State) personHash(n uint32) uint64 { return hashPerson(*s.persons.At(n)) }

// hashPerson returns a hash of both halves of a pseudonym, since one half need not be random.
func hashPerson(p events.Person) uint64 {
	return binary.LittleEndian.Uint64(p[:8])*31 + binary.LittleEndian.Uint64(p[8:])
}
