// Package rules is the fold of the boundary policy: the policy packs that were adopted, and
// which of them is in force at a place on a day.
//
// A pack that was replaced or withdrawn is never in force, whether the event that supersedes
// it came before or after it; but its version stays taken. If several packs apply to one
// place and day, [policy.Book.InForce] says which of them holds.
//
// The eligibility conditions of a pack are compiled once, when the pack is applied. The
// policy service refuses a pack that cannot be compiled. If the log holds one all the same,
// nobody meets its conditions.
//
// A [State] is read and changed under the lock of its fold. Reading changes nothing, so
// there may be many readers.
package rules

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/eligibility"
)

// A State is the result of the events of the family policy. It implements
// [command.State].
type State struct {
	command.StateBase
	adopted []adoption  // in log order, superseded ones included
	book    policy.Book // of the packs that are not superseded
}

// An adoption is one policy.adopted event.
type adoption struct {
	number      uint32 // of the event
	superseded  bool   // replaced or withdrawn
	pack        *policy.Pack
	eligibility *eligibility.Rules
}

// New makes the state of an empty log.
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

// adopt adds a pack, and compiles its conditions.
func (s *State) adopt(number uint32, superseded bool, pack *policy.Pack) {
	conditions, err := eligibility.Compile(pack)
	if err != nil {
		conditions = eligibility.Nobody(pack)
	}
	s.adopted = append(s.adopted, adoption{number, superseded, pack, conditions})
}

// rebuildBook builds the book anew after a change of adopted. undo undoes that change.
// There are few packs, and they change rarely.
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

// InForce returns the pack in force at a division on a business date, or nil if there is
// none.
func (s *State) InForce(at division.Code, on civil.Date) *policy.Pack { return s.book.InForce(at, on) }

// Eligibility returns the conditions of a pack that InForce returned. Another pack has no
// conditions.
func (s *State) Eligibility(p *policy.Pack) *eligibility.Rules {
	for _, a := range s.adopted {
		if a.pack == p {
			return a.eligibility
		}
	}
	return new(eligibility.Rules)
}

// Adopted reports whether a pack of a version was ever adopted, even if it was replaced or
// withdrawn since.
func (s *State) Adopted(version string) bool {
	for _, a := range s.adopted {
		if a.pack.Version == version {
			return true
		}
	}
	return false
}
