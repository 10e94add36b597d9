package payment

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/desk"
)

// A State is what the events of the family add up to: funds with what is left
// in them, and runs with what became of each line.
//
// It is a function of the set of its events wherever they do not contradict
// each other: what is said of a line before the line came, and what is
// withdrawn before it came, is remembered until it comes.
type State struct {
	desk.Journal
	funds   map[string]*fund
	runs    map[string]*run
	persons []events.Person // by number; 0 is nobody
	numbers map[events.Person]uint32
	acts    []act // by number; 0 is none
	keys    map[[16]byte]uint32
	ahead   map[[16]byte]bool // events voided before they came
}

// A fund is earmarked money, in fen.
type fund struct {
	allocations int   // that stand
	allocated   int64 // their sum
	committed   int64 // instructed, less what was returned or reversed
}

func (f *fund) left() int64 { return f.allocated - f.committed }

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
	return &State{
		funds: map[string]*fund{}, runs: map[string]*run{},
		persons: make([]events.Person, 1), numbers: map[events.Person]uint32{},
		acts: make([]act, 1), keys: map[[16]byte]uint32{}, ahead: map[[16]byte]bool{},
	}
}

// Apply folds one event in log order.
func (s *State) Apply(e *events.Event) {
	if k, ok := desk.Voids(e); ok {
		s.void(k.Hash(), e)
	}
	key := e.Key().Hash()
	if s.ahead[key] || s.keys[key] != 0 {
		return
	}
	switch d := e.Data.(type) {
	case *events.FundAllocated:
		a := act{kind: allocation, fund: s.fund(d.Fund), amount: int64(d.Amount)}
		s.enter(key, a)
		s.allocate(a.fund, 1, a.amount)
	case *events.PaymentInstructed:
		s.instruct(key, d)
	case *events.PaymentSettled:
		c := s.open(d.Run)
		for _, l := range d.Lines {
			c.touch(l.Line, line.settle)
		}
		s.enter(key, act{kind: settlement, run: c.run, lines: c.lines})
		c.close()
	case *events.PaymentReturned:
		s.restitute(key, d.Run, d.Lines)
	case *events.PaymentReversed:
		s.restitute(key, d.Run, d.Lines)
	}
}

func (s *State) instruct(key [16]byte, d *events.PaymentInstructed) {
	c := s.open(d.Run)
	part := s.enter(key, act{kind: instruction, fund: s.fund(d.Fund), run: c.run})
	for i := range d.Lines {
		l := &d.Lines[i]
		id := lineID(l.Line)
		n, ok := c.run.free(id)
		if !ok {
			n = c.run.add(id)
		}
		c.set(n, c.run.lines[n].instruct(part, s.number(l.Person), int64(l.Amount)))
	}
	s.acts[part].lines = c.lines
	c.close()
}

func (s *State) restitute(key [16]byte, name string, lines []events.ReturnedLine) {
	c := s.open(name)
	for _, l := range lines {
		c.touch(l.Line, line.giveBack)
	}
	s.enter(key, act{kind: restitution, run: c.run, lines: c.lines})
	c.close()
}

// void takes back what an event did, or remembers to leave it out.
func (s *State) void(key [16]byte, by *events.Event) {
	n := s.keys[key]
	if n == 0 {
		if !s.ahead[key] && voids(by) != events.AccountAssignedType {
			s.ahead[key] = true
			s.did(func() { delete(s.ahead, key) })
		}
		return
	}
	a := s.acts[n]
	switch a.kind {
	case allocation:
		s.allocate(a.fund, -1, -a.amount)
	case instruction:
		s.each(a, func(l line) line { return l.instruct(0, 0, 0) })
	case settlement:
		s.each(a, func(l line) line { return l.settle(-1) })
	case restitution:
		s.each(a, func(l line) line { return l.giveBack(-1) })
	}
	// The act goes after its lines, which find their fund through it, and in
	// an undo comes back before them.
	s.acts[n] = act{}
	s.did(func() { s.acts[n] = a })
}

// voids returns the type of what an event replaces or withdraws.
func voids(by *events.Event) events.Type {
	if w, ok := by.Data.(*events.EventWithdrawn); ok {
		return w.Of
	}
	return by.Type
}

func (s *State) each(a act, become func(line) line) {
	c := s.change(a.run)
	for n := range a.lines.all() {
		c.set(n, become(a.run.lines[n]))
	}
	c.close()
}

func (s *State) did(undo func()) {
	if s.Open() {
		s.Did(undo)
	}
}

// enter keeps an act under the key of its event and returns its number.
func (s *State) enter(key [16]byte, a act) uint32 {
	n := uint32(len(s.acts))
	s.acts = append(s.acts, a)
	s.keys[key] = n
	s.did(func() {
		s.acts[n] = act{}
		s.acts = s.acts[:n]
		delete(s.keys, key)
	})
	return n
}

func (s *State) allocate(f *fund, n int, amount int64) {
	f.allocations += n
	f.allocated += amount
	s.did(func() {
		f.allocations -= n
		f.allocated -= amount
	})
}

// fund returns the fund of a name, made when it is not there.
func (s *State) fund(name string) *fund {
	f := s.funds[name]
	if f == nil {
		f = new(fund)
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
	n, ok := s.numbers[p]
	if !ok {
		n = uint32(len(s.persons))
		s.persons = append(s.persons, p)
		s.numbers[p] = n
		s.did(func() {
			s.persons = s.persons[:n]
			delete(s.numbers, p)
		})
	}
	return n
}
