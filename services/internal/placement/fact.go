package placement

import (
	"encoding/binary"
	"iter"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A fact is what one event says, in 32 bytes. Its number is that of the event. Three linked lists
// run through the facts, each from the latest to the first: the facts of a person, the facts of
// a post itself, and the hires on a post.
type fact struct {
	of     uint32     // number of the person; for developed and changed, number of the detail
	post   uint32     // number of the post
	before uint32     // the fact before it in the list of the person, or of the post
	onPost uint32     // hired: the hire before it in the list of the post
	day    civil.Date // hired, developed, resized, suspended and identified from, exited, changed, closed, resumed and regrouped on, renewed until
	until  civil.Date // hired, developed and suspended: the end that the event names; identified: the birth, as born
	exit   civil.Date // hired: the day of the exit that ends it; 0 if there is none
	seats  uint16     // hired: the seat; developed and resized: the number of seats; exited: the number of the exit code; identified: what it gives
	kind   kind
	flags  flags // hired and regrouped
}

// flags say more about a hire. The bits above them hold the group of a hire or of a change, as an
// index into [events.Groups] plus 1; 0 is a group that is not among these.
type flags uint8

const (
	again     flags = 1 << iota // another hire is the same placement, and this one has no effect
	stoodIn                     // the event names a person that is stood in for
	standsIn                    // the placement stands in: one of its hires does
	groupBits = iota
)

// with returns the flags with one of them set or not.
func (f flags) with(flag flags, set bool) flags {
	if set {
		return f | flag
	}
	return f &^ flag
}

// has reports whether a flag is set.
func (f flags) has(flag flags) bool { return f&flag != 0 }

// inGroup returns the flags of a group.
func inGroup(group string) flags { return flags(slices.Index(events.Groups(), group)+1) << groupBits }

// group returns the group.
func (f flags) group() string {
	if n := f >> groupBits; n > 0 {
		return events.Groups()[n-1]
	}
	return ""
}

// placement returns the placement of hire number n, without an exit.
func (f *fact) placement(n uint32) placing.Placement {
	return placing.Placement{Holder: f.holder(), Seat: int32(f.seats), From: f.day, Term: f.until, Hire: n, StandsIn: f.flags.has(stoodIn)}
}

// ended returns the placement of hire number n, as settle has paired it with other hires and
// with its exit.
func (f *fact) ended(n uint32) placing.Placement {
	p := f.placement(n)
	p.Exit, p.Repeated, p.StandsIn = f.exit, f.flags.has(again), f.flags.has(standsIn)
	return p
}

// holder returns the person and the post of a fact.
func (f *fact) holder() placing.Holder { return placing.Holder{Post: f.post, Person: f.of} }

type kind uint8

const (
	noFact kind = iota // superseded, or of an event that says nothing about posts and placements
	hired
	exited
	renewed
	developed
	resized
	closed
	changed
	suspended
	resumed
	regrouped
	identified
	kinds // how many there are; a new kind goes before it, since snapshots hold the numbers
)

// ofPerson reports whether facts of a kind are about a person.
func (k kind) ofPerson() bool { return hired <= k && k <= renewed || suspended <= k && k <= identified }

// detailed reports whether facts of a kind have a detail.
func (k kind) detailed() bool { return k == developed || k == changed }

// A statement is what one event says about posts and placements.
type statement struct {
	fact   fact          // without the numbers of the person, the post and the detail
	post   string        // the name of the post; identified: empty
	detail *detail       // developed and changed: what the event says beside days and seats
	person events.Person // of the facts of a person
	born   born          // hired and identified: 0 if the event does not say it
	code   string        // exited: the exit code
}

// stated returns the statement of an event. The kind of its fact is noFact if the event says
// nothing about posts and placements.
func stated(e *events.Event) statement {
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		return statement{fact: fact{kind: developed, day: d.From, until: d.Until, seats: seats(d.Seats)}, post: d.Post, detail: detailOf(e, d)}
	case *events.PostResized:
		return statement{fact: fact{kind: resized, day: d.From, seats: seats(d.Seats)}, post: d.Post}
	case *events.PostClosed:
		return statement{fact: fact{kind: closed, day: d.On}, post: d.Post}
	case *events.PostChanged:
		return statement{fact: fact{kind: changed, day: d.On}, post: d.Post, detail: changeOf(d)}
	case *events.HirePlaced:
		f := fact{kind: hired, day: d.From, until: d.Until, seats: seats(d.Seat)}
		f.flags = inGroup(d.Group).with(stoodIn, d.StandingInFor != events.Person{})
		return statement{fact: f, post: d.Post, person: d.Person, born: bornIn(d.BirthMonth, d.Sex == "F")}
	case *events.HireChanged:
		return statement{fact: fact{kind: regrouped, day: d.On, flags: inGroup(d.Group)}, post: d.Post, person: d.Person}
	case *events.PersonIdentified:
		b := bornIn(d.BirthMonth, d.Sex == "F")
		return statement{fact: fact{kind: identified, day: d.On, until: civil.Date(b), seats: givenBy(d)}, person: d.Person}
	case *events.HireSuspended:
		return statement{fact: fact{kind: suspended, day: d.From, until: d.Until}, post: d.Post, person: d.Person}
	case *events.HireResumed:
		return statement{fact: fact{kind: resumed, day: d.On}, post: d.Post, person: d.Person}
	case *events.HireRenewed:
		return statement{fact: fact{kind: renewed, day: d.Until}, post: d.Post, person: d.Person}
	case *events.ExitRecorded:
		return statement{fact: fact{kind: exited, day: d.On}, post: d.Post, person: d.Person, code: d.Code}
	}
	return statement{}
}

// seats converts a number of seats to the width of a fact. The contract allows 10,000 at most.
func seats(n int) uint16 { return uint16(min(max(n, 0), 1<<16-1)) }

// enter adds a fact to the table and to the head of its lists.
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
	case f.kind != noFact:
		p := s.posts.At(f.post)
		f.before, p.facts = p.facts, n
	}
	s.facts.Add(f)
	s.onRollback(func() { s.leave(n) })
	return n
}

// leave removes the last fact.
func (s *State) leave(n uint32) {
	f := *s.facts.At(n)
	s.facts.Cut(int(n))
	switch {
	case f.kind.ofPerson():
		s.persons.At(f.of).facts = f.before
		if f.kind == hired {
			s.posts.At(f.post).hires = f.onPost
		}
	case f.kind != noFact:
		s.posts.At(f.post).facts = f.before
	}
}

// chain yields fact n and those before it in its list, superseded ones included.
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

// hires yields the standing hires on a post.
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

// A change is what an event would do to the facts: it supersedes one, and adds one. The zero
// change does nothing.
type change struct {
	superseded uint32 // 0 is none
	new        *fact
	detail     *detail // of the new fact, if it develops or changes a post
}

// standing yields the facts of a person or of a post that would stand after a change, from
// the latest to the first. head is the latest fact of the list; mine reports whether the new
// fact, if there is one, belongs to it. The new fact has number 0.
func (s *State) standing(head uint32, c change, mine func(*fact) bool) iter.Seq2[uint32, *fact] {
	return func(yield func(uint32, *fact) bool) {
		if c.new != nil && mine(c.new) && !yield(0, c.new) {
			return
		}
		for n, f := range s.chain(head) {
			if f.kind != noFact && n != c.superseded && !yield(n, f) {
				return
			}
		}
	}
}

// hash returns a hash of both halves of a pseudonym, since one half need not be random.
func hash(b [16]byte) uint64 {
	return binary.LittleEndian.Uint64(b[:8])*31 + binary.LittleEndian.Uint64(b[8:])
}
