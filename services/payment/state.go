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

// A State is what the events of the family add up to: funds with what is left
// in them, and runs with what became of each line.
//
// It is a function of the set of its events wherever they do not contradict
// each other: what is said of a line before the line came, and what is
// withdrawn before it came, is remembered until it comes.
type State struct {
	command.StateBase
	funds       map[string]*fund
	runs        map[string]*run
	persons     table.List[events.Person] // by number; 0 is nobody
	personIndex table.Index               // of persons
	effects     map[uint32]effect         // by the number of the event
}

// A fund is earmarked money, in fen.
type fund struct {
	division    division.Code // that it was allocated for; "" for everywhere, and where no allocation stands
	allocations int           // that stand
	allocated   int64         // their sum
	committed   int64         // instructed, less what was returned or reversed
}

func (f *fund) left() int64 { return f.allocated - f.committed }

// serves says whether what happens in a division may be paid from the fund.
func (f *fund) serves(d division.Code) bool { return d == "" || d.Under(string(f.division)) }

// concerns says whether who answers for a division may speak of what the fund
// has paid: one of the two lies in the other.
func (f *fund) concerns(d division.Code) bool {
	return f.serves(d) || f.division.Under(string(d))
}

// An act is what one event did, kept so that it can be taken back.
type effect struct {
	kind   effectKind
	fund   *fund // of an allocation or instruction
	amount int64 // of an allocation
	run    *run  // of the others, and the lines they set
	lines  lineRanges
}

type effectKind uint8

const (
	noEffect effectKind = iota
	allocation
	instruction
	settlement
	restitution // returned or reversed
)

// NewState makes the state of a log that holds nothing.
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
	case *events.PaymentReturned:
		s.restitute(n.Number, d.Run, d.Lines)
	case *events.PaymentReversed:
		s.restitute(n.Number, d.Run, d.Lines)
	}
}

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

func (s *State) restitute(number uint32, name string, lines []events.ReturnedLine) {
	c := s.openChange(name)
	for _, l := range lines {
		c.countAtHead(l.Line, line.giveBack)
	}
	s.keepEffect(number, effect{kind: restitution, run: c.run, lines: slices.Clip(c.lines)})
	c.close()
}

// void takes back what an event did.
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
	}
	delete(s.effects, n)
	s.onRollback(func() { s.effects[n] = a })
}

func (s *State) changeLines(a effect, become func(line) line) {
	c := s.changeOf(a.run)
	for n := range a.lines.all() {
		c.set(n, become(a.run.line(n)))
	}
	c.close()
}

func (s *State) onRollback(undo func()) {
	if s.Open() {
		s.Did(undo)
	}
}

// enter keeps an act under the number of its event.
func (s *State) keepEffect(n uint32, a effect) {
	s.effects[n] = a
	s.onRollback(func() { delete(s.effects, n) })
}

func (s *State) allocate(f *fund, n int, amount int64) {
	f.allocations += n
	f.allocated += amount
	s.onRollback(func() {
		f.allocations -= n
		f.allocated -= amount
	})
}

// locate gives a fund its division. An event's own text is not kept alive.
func (s *State) setDivision(f *fund, d division.Code) {
	was := f.division
	if was == d {
		return
	}
	f.division = division.Code(strings.Clone(string(d)))
	s.onRollback(func() { f.division = was })
}

// fund returns the fund of a name, made when it is not there.
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

// number returns the dense index of a person.
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

func (s *State) personHash(n uint32) uint64 { return hashPerson(*s.persons.At(n)) }

// hashPerson takes both halves in: a pseudonym need not be random in each.
func hashPerson(p events.Person) uint64 {
	return binary.LittleEndian.Uint64(p[:8])*31 + binary.LittleEndian.Uint64(p[8:])
}
