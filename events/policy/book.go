package policy

import (
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Book holds the packs adopted so far, in log order. The zero Book is empty.
// It is not safe for concurrent writing.
type Book struct{ packs []*Pack }

// Adopt adds a pack. It supersedes earlier ones of the same jurisdiction on
// the days that both cover.
func (b *Book) Adopt(p *Pack) { b.packs = append(b.packs, p) }

// Version returns the pack with a version, nil when there is none.
func (b *Book) Version(version string) *Pack {
	for _, p := range b.packs {
		if p.Version == version {
			return p
		}
	}
	return nil
}

// InForce returns the pack in force at a division on a business date: the one
// with the longest matching jurisdiction whose validity holds on, and of equal
// ones the one adopted last. It returns nil when no pack is in force.
func (b *Book) InForce(at division.Code, on civil.Date) *Pack {
	var best *Pack
	for _, p := range b.packs {
		if strings.HasPrefix(string(at), p.Jurisdiction) && p.ValidFrom <= on && (p.ValidTo == 0 || on < p.ValidTo) &&
			(best == nil || len(p.Jurisdiction) >= len(best.Jurisdiction)) {
			best = p
		}
	}
	return best
}
