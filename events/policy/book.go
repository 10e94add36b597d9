package policy

import (
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// A Book holds the packs adopted so far, in log order. The zero Book is empty. A Book
// may be read concurrently, but not while Adopt is called.
type Book struct{ packs []*Pack }

// Adopt adds a pack. The pack supersedes earlier packs of the same jurisdiction on
// the days on which both are valid.
func (b *Book) Adopt(p *Pack) { b.packs = append(b.packs, p) }

// Version returns the pack with a version, or nil if there is none.
func (b *Book) Version(version string) *Pack {
	for _, p := range b.packs {
		if p.Version == version {
			return p
		}
	}
	return nil
}

// Within calls yield with the pack that is in force for a division on each day from the day
// from until the day before until, once for each run of days of one pack, in the order of
// the days. The pack is nil for days on which none is in force. There must be a day.
func (b *Book) Within(at division.Code, from, until civil.Date, yield func(first, end civil.Date, p *Pack)) {
	for first := from; first < until; {
		end := until
		for _, p := range b.packs {
			for _, change := range [...]civil.Date{p.ValidFrom, p.ValidTo} {
				if first < change && change < end && strings.HasPrefix(string(at), p.Jurisdiction) {
					end = change
				}
			}
		}
		yield(first, end, b.InForce(at, first))
		first = end
	}
}

// InForce returns the pack in force for a division on a business date. Of the packs
// that are valid on that date and whose jurisdiction contains the division, this is
// the one with the longest jurisdiction. If several have the same jurisdiction, it is
// the one adopted last. InForce returns nil if no pack is in force.
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
