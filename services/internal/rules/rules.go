// Package rules is the fold of the boundary policy: the packs adopted so far,
// and which of them is in force where and when.
//
// A pack that was replaced or withdrawn is left out, whether the event that
// says so came before it or after; its version stays taken. Of packs for the
// same place and day the one adopted last holds.
//
// The conditions of a pack are compiled once, when it is adopted. A pack that
// cannot be compiled is refused before it comes here; were it in the log all
// the same, nobody would meet its conditions.
//
// The state is read and changed under the locks of the desk; readers may be
// many, and nothing is cached on reading.
package rules

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/eligibility"
)

// A State is what the events of the family policy add up to.
type State struct {
	command.StateBase
	adopted []adoption // in log order
	book    policy.Book
}

type adoption struct {
	number      uint32 // of the event
	superseded  bool   // it was replaced or withdrawn
	pack        *policy.Pack
	eligibility *eligibility.Rules
}

// New makes the state of a log that holds nothing.
func New() *State { return &State{} }

// Apply is [command.State.Apply].
func (s *State) Apply(e *events.Event, n command.IndexEntry) {
	for i, a := range s.adopted {
		if a.number == n.Supersedes && !a.superseded {
			s.adopted[i].superseded = true
			s.rebuildBook(func() { s.adopted[i].superseded = false })
		}
	}
	d, ok := e.Data.(*events.PolicyAdopted)
	if !ok {
		return
	}
	had := len(s.adopted)
	s.adopt(n.Number, n.Ineffective, &d.Pack)
	s.rebuildBook(func() { s.adopted = s.adopted[:had] })
}

// adopt adds a pack.
func (s *State) adopt(number uint32, void bool, pack *policy.Pack) {
	conditions, err := eligibility.Compile(pack)
	if err != nil {
		conditions = eligibility.Nobody(pack)
	}
	s.adopted = append(s.adopted, adoption{number, void, pack, conditions})
}

// collect makes the book anew after a change. Packs are few and change rarely.
func (s *State) rebuildBook(undo func()) {
	if s.Open() {
		old := s.book
		s.Did(func() {
			undo()
			s.book = old
		})
	}
	s.book = policy.Book{}
	for _, a := range s.adopted {
		if !a.superseded {
			s.book.Adopt(a.pack)
		}
	}
}

// InForce returns the pack in force at a division on a business date, nil when
// there is none.
func (s *State) InForce(at division.Code, on civil.Date) *policy.Pack { return s.book.InForce(at, on) }

// Eligibility returns the conditions of a pack that InForce returned.
func (s *State) Eligibility(p *policy.Pack) *eligibility.Rules {
	for _, a := range s.adopted {
		if a.pack == p {
			return a.eligibility
		}
	}
	return new(eligibility.Rules)
}

// Adopted says whether a pack of a version was ever adopted, those replaced or
// withdrawn included.
func (s *State) Adopted(version string) bool {
	for _, a := range s.adopted {
		if a.pack.Version == version {
			return true
		}
	}
	return false
}
