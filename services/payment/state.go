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
	funds   map[string]*fund
	runs    map[string]*run
	persons table.List[events.Person] // by number; 0 is nobody
	people  table.Index               // of persons
	acts    map[uint32]act            // by the number of the event
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
type act struct {
	kind   kind
	fund   *fund // of an allocation or instruction
	amount int64 // of an allocation
	run    *run  // of the others, and the lines they set
	lines  spans
}

type kind uint8

const (
	voided kind = iota
	allocation
	instruction
	settlement
	restitution // returned or reversed
)

// NewState makes the state of a log that holds nothing.
func NewState() *State {
	s := &State{
		funds: map[string]*fund{}, runs: map[string]*run{}, acts: map[uint32]act{},
	}
	s.persons.Add(events.Person{})
	return s
}

// Apply is [command.State.Apply].
func (s *State) Apply(e *events.Event, n command.IndexEntry) {
	s.void(n.Supersedes)
	if n.Ineffective {
		return
	}
	switch d := e.Data.(type) {
	case *events.FundAllocated:
		a := act{kind: allocation, fund: s.fund(d.Fund), amount: int64(d.Amount)}
		s.enter(n.Number, a)
		s.allocate(a.fund, 1, a.amount)
		s.locate(a.fund, d.Division)
	case *events.PaymentInstructed:
		s.instruct(n.Number, d)
	case *events.PaymentSettled:
		c := s.open(d.Run)
		for _, l := range d.Lines {
			c.touch(l.Line, line.settle)
		}
		s.enter(n.Number, act{kind: settlement, run: c.run, lines: slices.Clip(c.lines)})
		c.close()
	case *events.PaymentReturned:
		s.restitute(n.Number, d.Run, d.Lines)
	case *events.PaymentReversed:
		s.restitute(n.Number, d.Run, d.Lines)
	}
}

func (s *State) instruct(number uint32, d *events.PaymentInstructed) {
	c := s.open(d.Run)
	f := s.fund(d.Fund)
	fund := c.run.pays(f)
	for i := range d.Lines {
		l := &d.Lines[i]
		n, ok := c.run.free(l.Line)
		if !ok {
			n = c.run.add(l.Line)
		}
		c.set(n, c.run.line(n).instruct(fund, s.number(l.Person), int64(l.Amount)))
	}
	s.enter(number, act{kind: instruction, fund: f, run: c.run, lines: slices.Clip(c.lines)})
	c.close()
}

func (s *State) restitute(number uint32, name string, lines []events.ReturnedLine) {
	c := s.open(name)
	for _, l := range lines {
		c.touch(l.Line, line.giveBack)
	}
	s.enter(number, act{kind: restitution, run: c.run, lines: slices.Clip(c.lines)})
	c.close()
}

// void takes back what an event did.
func (s *State) void(n uint32) {
	a, ok := s.acts[n]
	if !ok {
		return
	}
	switch a.kind {
	case allocation:
		s.allocate(a.fund, -1, -a.amount)
		if a.fund.allocations == 0 {
			s.locate(a.fund, "")
		}
	case instruction:
		s.each(a, func(l line) line { return l.instruct(0, 0, 0) })
	case settlement:
		s.each(a, func(l line) line { return l.settle(-1) })
	case restitution:
		s.each(a, func(l line) line { return l.giveBack(-1) })
	}
	delete(s.acts, n)
	s.did(func() { s.acts[n] = a })
}

func (s *State) each(a act, become func(line) line) {
	c := s.change(a.run)
	for n := range a.lines.all() {
		c.set(n, become(a.run.line(n)))
	}
	c.close()
}

func (s *State) did(undo func()) {
	if s.Open() {
		s.Did(undo)
	}
}

// enter keeps an act under the number of its event.
func (s *State) enter(n uint32, a act) {
	s.acts[n] = a
	s.did(func() { delete(s.acts, n) })
}

func (s *State) allocate(f *fund, n int, amount int64) {
	f.allocations += n
	f.allocated += amount
	s.did(func() {
		f.allocations -= n
		f.allocated -= amount
	})
}

// locate gives a fund its division. An event's own text is not kept alive.
func (s *State) locate(f *fund, d division.Code) {
	was := f.division
	if was == d {
		return
	}
	f.division = division.Code(strings.Clone(string(d)))
	s.did(func() { f.division = was })
}

// fund returns the fund of a name, made when it is not there.
func (s *State) fund(name string) *fund {
	f := s.funds[name]
	if f == nil {
		f = new(fund)
		name = strings.Clone(name)
		s.funds[name] = f
		s.did(func() { delete(s.funds, name) })
	}
	return f
}

// number returns the dense index of a person.
func (s *State) number(p events.Person) uint32 {
	if p == (events.Person{}) {
		return 0
	}
	n := s.people.Find(hashPerson(p), func(n uint32) bool { return *s.persons.At(n) == p })
	if n == 0 {
		n = s.persons.Add(p)
		s.people.Add(n, s.personHash)
		s.did(func() {
			s.people.Drop(n, s.personHash)
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
