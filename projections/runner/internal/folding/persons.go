package folding

import (
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/delta"
	"github.com/muster-works/muster/projections/runner/internal/leaves"
	"github.com/muster-works/muster/projections/runner/internal/lookup"
	"github.com/muster-works/muster/projections/timeline"
)

// persons gives numbers to persons. A person who is named for the first time goes into
// the folio that is being filled for a county.
type persons struct {
	index       lookup.Index
	folios      [][]uuid.UUID  // by folio, the persons in it by slot; folio 0 is none
	filling     map[string]int // by county, the folio that is being filled
	pseudonyms  leaves.Buffer  // by folio
	bearers     leaves.Buffer  // by bucket
	added       []delta.NewPerson
	sheetOrder  order // in which sheets name persons
	othersOrder order // in which all other events do
}

// An order remembers in which order persons are named. Sheets name them post by post,
// pay runs in an order of their own, and both in the same order month by month.
type order struct {
	follower []timeline.Number // by number, who was named after a person last
	last     timeline.Number   // who was named last
}

// orderOf returns the order in which a commit names persons, by the type of its first
// event.
func (p *persons) orderOf(c *decoding.Commit) *order {
	if len(c.Decoded) > 0 && (c.Decoded[0].Tag == timeline.TagMarks || c.Decoded[0].Tag == timeline.TagMark) {
		return &p.sheetOrder
	}
	return &p.othersOrder
}

func newPersons() persons {
	return persons{folios: make([][]uuid.UUID, 1), filling: map[string]int{}}
}

func (p *persons) id(no uint32) *uuid.UUID {
	folio, slot := timeline.Number(no).Folio()
	return &p.folios[folio][slot]
}

// find returns the number of a person, 0 when there is none.
func (p *persons) find(id *uuid.UUID) timeline.Number {
	h := timeline.PersonHash(*id)
	at, no := p.index.First(h)
	for no != 0 && *p.id(no) != *id {
		at, no = p.index.Next(at, h)
	}
	return timeline.Number(no)
}

// mostAtOnce is how many persons are looked up before any is compared.
const mostAtOnce = 256

// findAll appends the numbers of the persons of lines, 0 for those who have none. The
// person who followed the one before the last time is tried first, and mostly is the
// one. After a wrong guess the next few are looked up side by side, so that the memory
// is asked for many at a time; each further wrong guess doubles how many.
func (p *persons) findAll(to []timeline.Number, lines []decoding.Line, o *order) []timeline.Number {
	if n := len(p.folios) * timeline.FolioSize; n > len(o.follower) {
		o.follower = append(o.follower, make([]timeline.Number, n-len(o.follower))...)
	}
	for few := 1; len(lines) > 0; {
		if no := o.follower[o.last]; no != 0 && *p.id(uint32(no)) == lines[0].Person {
			to, lines, few = append(to, no), lines[1:], 1
			o.last = no
			continue
		}
		n := min(few, len(lines))
		to = p.findFew(to, lines[:n], o)
		lines, few = lines[n:], min(2*few, mostAtOnce)
	}
	return to
}

// findFew appends the numbers of the persons of lines, looked up side by side.
func (p *persons) findFew(to []timeline.Number, lines []decoding.Line, o *order) []timeline.Number {
	at := len(to)
	for i := range lines {
		p.index.Prefetch(timeline.PersonHash(lines[i].Person))
	}
	for i := range lines {
		_, no := p.index.First(timeline.PersonHash(lines[i].Person))
		to = append(to, timeline.Number(no))
	}
	for i := range lines {
		no := &to[at+i]
		if *no != 0 && *p.id(uint32(*no)) != lines[i].Person {
			*no = p.find(&lines[i].Person)
		}
		o.follower[o.last] = *no
		o.last = *no
	}
	return to
}

// add gives a number to a person who has none, whom the event ref names first. When it
// takes a new folio, the batch gets it.
func (p *persons) add(id uuid.UUID, county string, ref timeline.Ref, b *readmodel.Batch) timeline.Number {
	folio := p.filling[county]
	if folio == 0 || len(p.folios[folio]) == timeline.FolioSize {
		folio = p.openFolio(strings.Clone(county), b)
	}
	no := timeline.Number(folio*timeline.FolioSize + len(p.folios[folio]))
	hash := timeline.PersonHash(id)
	p.restore(id, folio)
	p.addNumber(hash, no)
	p.pseudonyms.Fresh(folio).AddPseudonym(ref, id)
	p.bearers.Fresh(timeline.Bucket(hash)).AddBearer(timeline.Bearer{Ref: ref, No: no, Half: uint32(hash)})
	p.added = append(p.added, delta.NewPerson{No: no, ID: id})
	return no
}

func (p *persons) openFolio(county string, b *readmodel.Batch) (folio int) {
	folio = len(p.folios)
	p.folios = append(p.folios, make([]uuid.UUID, 0, 8))
	p.filling[county] = folio
	b.Folios = append(b.Folios, readmodel.NameRow{No: int64(folio), Name: county})
	return folio
}

// restoreFolio adds a stored folio, and reports whether its number is the next one. The
// last folio of a county is the one that is being filled.
func (p *persons) restoreFolio(folio int, county string) bool {
	sound := folio == len(p.folios)
	p.folios = append(p.folios, nil)
	p.filling[county] = folio
	return sound
}

// restore puts a person into the next slot of a folio, and reports whether there is one.
func (p *persons) restore(id uuid.UUID, folio int) bool {
	if folio < 1 || folio >= len(p.folios) || len(p.folios[folio]) == timeline.FolioSize {
		return false
	}
	p.folios[folio] = append(p.folios[folio], id)
	return true
}

// addNumber has a person found by the hash of the pseudonym.
func (p *persons) addNumber(hash uint64, no timeline.Number) {
	p.index.Add(hash, uint32(no), func(no uint32) uint64 { return timeline.PersonHash(*p.id(no)) })
}

// numberAll has all n persons found that were restored. The index has room for all of
// them before they are added, where it would else grow several times.
func (p *persons) numberAll(n int) {
	p.index.Reserve(n)
	for folio, ids := range p.folios {
		for slot := range ids {
			p.addNumber(timeline.PersonHash(ids[slot]), timeline.Number(folio*timeline.FolioSize+slot))
		}
	}
}
