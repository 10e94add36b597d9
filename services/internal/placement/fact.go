package placement

import (
	"encoding/binary"
	"iter"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A fact is what one event says, and has its number; a fact takes 32 bytes. The facts of a person are
// a chain, and so are the facts of a post and the hires on it, each from the
// latest to the first.
type fact struct {
	of     uint32     // the person; of a developed post its detail
	post   uint32     // the post
	before uint32     // the fact before of the same person, or of the same post
	onPost uint32     // hired: the fact before of the same post
	day    civil.Date // hired, developed and resized from, exited and closed on, renewed until
	until  civil.Date // hired and developed: the end as it was said
	exit   civil.Date // hired: the day of the exit that ends it, 0 while none does
	seats  uint16     // hired: the seat; developed and resized: how many
	kind   kind
	again  bool // hired: another hire that stands says the same placement, and this one counts for nothing
}

// placement returns what a hire says, paired with nothing. Its number is n.
func (f *fact) placement(n uint32) placing.Placement {
	return placing.Placement{Holder: f.holder(), Seat: int32(f.seats), From: f.day, Term: f.until, Hire: n}
}

// ended returns what a hire says, with what settle keeps of its pairing.
func (f *fact) ended(n uint32) placing.Placement {
	p := f.placement(n)
	p.Exit, p.Repeated = f.exit, f.again
	return p
}

func (f *fact) holder() placing.Holder { return placing.Holder{Post: f.post, Person: f.of} }

type kind uint8

const (
	voided kind = iota // replaced or withdrawn, or nothing that is said of posts and placements
	hired
	exited
	renewed
	developed
	resized
	closed
)

func (k kind) ofPerson() bool { return hired <= k && k <= renewed }

// said reads what an event says, of whom, and where. The kind is voided where
// it says nothing of posts and placements.
func said(e *events.Event) (f fact, who events.Person, where string) {
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		f.kind, f.day, f.until, f.seats, where = developed, d.From, d.Until, seats(d.Seats), d.Post
	case *events.PostResized:
		f.kind, f.day, f.seats, where = resized, d.From, seats(d.Seats), d.Post
	case *events.PostClosed:
		f.kind, f.day, where = closed, d.On, d.Post
	case *events.HirePlaced:
		f.kind, f.day, f.until, f.seats, who, where = hired, d.From, d.Until, seats(d.Seat), d.Person, d.Post
	case *events.HireRenewed:
		f.kind, f.day, who, where = renewed, d.Until, d.Person, d.Post
	case *events.ExitRecorded:
		f.kind, f.day, who, where = exited, d.On, d.Person, d.Post
	}
	return f, who, where
}

// seats fits a number into a fact; the contract allows 10,000.
func seats(n int) uint16 { return uint16(min(max(n, 0), 1<<16-1)) }

// enter puts a fact into the table and at the head of its chains.
func (s *State) enter(f fact) uint32 {
	n := uint32(s.facts.Len())
	switch {
	case f.kind.ofPerson():
		p := s.persons.At(f.of)
		f.before, p.facts = p.facts, n
		if f.kind == hired {
			p := s.posts.At(f.post)
			f.onPost, p.hires = p.hires, n
		}
	case f.kind != voided:
		p := s.posts.At(f.post)
		f.before, p.facts = p.facts, n
	}
	s.facts.Add(f)
	s.did(func() { s.leave(n) })
	return n
}

// leave takes the last fact out again.
func (s *State) leave(n uint32) {
	f := *s.facts.At(n)
	s.facts.Cut(int(n))
	switch {
	case f.kind.ofPerson():
		s.persons.At(f.of).facts = f.before
		if f.kind == hired {
			s.posts.At(f.post).hires = f.onPost
		}
	case f.kind != voided:
		s.posts.At(f.post).facts = f.before
	}
}

// chain yields the facts from n on, those left out included.
func (s *State) chain(n uint32) iter.Seq2[uint32, *fact] {
	return func(yield func(uint32, *fact) bool) {
		for n != 0 {
			f := s.facts.At(n)
			if !yield(n, f) {
				return
			}
			n = f.before
		}
	}
}

// hires yields the hires on a post that stand.
func (s *State) hires(post uint32) iter.Seq2[uint32, *fact] {
	return func(yield func(uint32, *fact) bool) {
		for n := s.posts.At(post).hires; n != 0; {
			f := s.facts.At(n)
			if f.kind == hired && !yield(n, f) {
				return
			}
			n = f.onPost
		}
	}
}

// A change is what an event would do to the facts: one is taken back, one is
// new. The zero change does nothing.
type change struct {
	gone   uint32 // 0 is none
	new    *fact
	detail *detail // of the new one, where it develops a post
}

// standing yields the facts of a person or of a post as they would stand after
// a change, from the latest to the first. The new one has number 0.
func (s *State) standing(head uint32, c change, mine func(*fact) bool) iter.Seq2[uint32, *fact] {
	return func(yield func(uint32, *fact) bool) {
		if c.new != nil && mine(c.new) && !yield(0, c.new) {
			return
		}
		for n, f := range s.chain(head) {
			if f.kind != voided && n != c.gone && !yield(n, f) {
				return
			}
		}
	}
}

// hash takes both halves in: a pseudonym need not be random in each.
func hash(b [16]byte) uint64 {
	return binary.LittleEndian.Uint64(b[:8])*31 + binary.LittleEndian.Uint64(b[8:])
}
