package payment

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
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
	runs        map[string]*run
	persons     table.List[events.Person] // by number; number 0 is nobody
	personIndex table.Index               // of persons, by pseudonym
	effects     map[uint32]effect         // by the number of the event; without superseded events
}

// A fund is earmarked money. Sums are in fen.
type fund struct {
	division    division.Code // for which it was allocated; "" is everywhere, and a fund without allocations
	allocations int           // that are not superseded
	allocated   int64         // sum of the allocations
	committed   int64         // sum of the instructed lines, without those returned or reversed
}

// left returns what can still be instructed from the fund, in fen. In record mode it may be
// negative.
func (f *fund) left() int64 { return f.allocated - f.committed }

// serves reports whether an event of a division may instruct payments from the fund.
func (f *fund) serves(d division.Code) bool { return d == "" || d.Under(string(f.division)) }

// concerns reports whether an event of a division may settle or return lines of the fund: the
// division of the event contains that of the fund, or lies in it.
func (f *fund) concerns(d division.Code) bool {
	return f.serves(d) || f.division.Under(string(d))
}

// An effect is what one event did to funds and lines. It is kept so that it can be taken back.
type effect struct {
	kind   effectKind
	fund   *fund // of an allocation or an instruction
	amount int64 // of an allocation
	run    *run  // of all but an allocation, with the lines that it changed
	lines  lineRanges
}

// An effectKind says what an event did. The numbers are written in snapshots.
type effectKind uint8

const (
	noEffect effectKind = iota
	allocation
	instruction
	settlement
	restitution // a return or a reversal: money that came back
)

// NewState makes the state of an empty log.
func NewState() *State {
	s := &State{
		funds: map[string]*fund{}, runs: map[string]*run{}, effects: map[uint32]effect{},
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
		a := effect{kind: allocation, fund: s.fund(d.Fund), amount: int64(d.Amount)}
		s.keepEffect(n.Number, a)
		s.allocate(a.fund, 1, a.amount)
		s.setDivision(a.fund, d.Division)
	case *events.PaymentInstructed:
		s.instruct(n.Number, d)
	case *events.PaymentSettled:
		c := s.openChange(d.Run)
		for _, l := range d.Lines {
			c.countAtHead(l.Line, line.settle)
		}
		s.keepEffect(n.Number, effect{kind: settlement, run: c.run, lines: slices.Clip(c.lines)})
		c.close()
	case events.Restitution:
		s.restitute(n.Number, d)
	}
}

// instruct applies the instruction with a number.
func (s *State) instruct(number uint32, d *events.PaymentInstructed) {
	c := s.openChange(d.Run)
	f := s.fund(d.Fund)
	fund := c.run.fundNumber(f)
	for i := range d.Lines {
		l := &d.Lines[i]
		n, ok := c.run.freeLine(l.Line)
		if !ok {
			n = c.run.add(l.Line)
		}
		c.set(n, c.run.line(n).instruct(fund, s.personNumber(l.Person), int64(l.Amount)))
	}
	s.keepEffect(number, effect{kind: instruction, fund: f, run: c.run, lines: slices.Clip(c.lines)})
	c.close()
}

// restitute applies the return or reversal with a number.
func (s *State) restitute(number uint32, d events.Restitution) {
	name, lines := d.Restitution()
	c := s.openChange(name)
	for _, l := range lines {
		c.countAtHead(l.Line, line.giveBack)
	}
	s.keepEffect(number, effect{kind: restitution, run: c.run, lines: slices.Clip(c.lines)})
	c.close()
}

// revert takes back the effect of the event with number n, if it had one.
func (s *State) revert(n uint32) {
	a, ok := s.effects[n]
	if !ok {
		return
	}
	switch a.kind {
	case allocation:
		s.allocate(a.fund, -1, -a.amount)
		if a.fund.allocations == 0 {
			s.setDivision(a.fund, "")
		}
	case instruction:
		s.changeLines(a, func(l line) line { return l.instruct(0, 0, 0) })
	case settlement:
		s.changeLines(a, func(l line) line { return l.settle(-1) })
	case restitution:
		s.changeLines(a, func(l line) line { return l.giveBack(-1) })
	default: // the others need nothing here
	}
	delete(s.effects, n)
	s.onRollback(func() { s.effects[n] = a })
}

// changeLines changes each line of an effect.
func (s *State) changeLines(a effect, become func(line) line) {
	c := s.changeOf(a.run)
	for n := range a.lines.all() {
		c.set(n, become(a.run.line(n)))
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

// allocate adds n allocations of together amount fen to a fund; both are negative if an
// allocation is taken back.
func (s *State) allocate(f *fund, n int, amount int64) {
	f.allocations += n
	f.allocated += amount
	s.onRollback(func() {
		f.allocations -= n
		f.allocated -= amount
	})
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

// personHash returns the hash of the person with number n.
func (s *State) personHash(n uint32) uint64 { return hashPerson(*s.persons.At(n)) }

// hashPerson returns a hash of both halves of a pseudonym, since one half need not be random.
func hashPerson(p events.Person) uint64 {
	return binary.LittleEndian.Uint64(p[:8])*31 + binary.LittleEndian.Uint64(p[8:])
}
