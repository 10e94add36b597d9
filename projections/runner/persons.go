package runner

import (
	"strings"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// persons gives numbers to persons. One who comes for the first time goes into
// the folio that is being filled for a county.
type persons struct {
	index    index
	folios   [][]uuid.UUID  // by folio, the persons in it by slot; folio 0 is none
	counties map[string]int // the folio that is being filled
	ids      shelf          // of folios
	bearers  shelf          // of buckets
	fresh    []person       // named by the commit under way for the first time

	sheets, others order // in which sheets name persons, and other events do
}

// An order is one in which persons are named. Sheets come post by post in another
// order of posts than pay runs do.
type order struct {
	follower []timeline.Number // by number, who was named after a person last
	last     timeline.Number   // who was named last
}

// order returns the one in which a commit names persons.
func (p *persons) order(d *digest) *order {
	if len(d.events) > 0 && (d.events[0].tag == timeline.TagMarks || d.events[0].tag == timeline.TagMark) {
		return &p.sheets
	}
	return &p.others
}

type person struct {
	no timeline.Number
	id uuid.UUID
}

func newPersons() persons {
	return persons{folios: make([][]uuid.UUID, 1), counties: map[string]int{}}
}

func (p *persons) id(no uint32) *uuid.UUID {
	folio, slot := timeline.Number(no).Folio()
	return &p.folios[folio][slot]
}

// find returns the number of a person; 0 when there is none.
func (p *persons) find(id *uuid.UUID) timeline.Number {
	h := timeline.PersonHash(*id)
	at, no := p.index.first(h)
	for no != 0 && *p.id(no) != *id {
		at, no = p.index.next(at, h)
	}
	return timeline.Number(no)
}

// findAll appends the numbers of persons, 0 for those who have none. Sheets and pay
// runs name persons in the order in which the ones before did, so whoever followed
// then is looked at first, who lies nearby in memory. Where it is another one, the
// next few are looked up apart from each other, so that the memory is asked for many
// at a time: the more, the longer it goes on so.
func (p *persons) findAll(to []timeline.Number, lines []line, in *order) []timeline.Number {
	if n := len(p.folios) * timeline.FolioSize; n > len(in.follower) {
		in.follower = append(in.follower, make([]timeline.Number, n-len(in.follower))...)
	}
	for few := 1; len(lines) > 0; {
		if no := in.follower[in.last]; no != 0 && *p.id(uint32(no)) == lines[0].person {
			to, lines, few = append(to, no), lines[1:], 1
			in.last = no
			continue
		}
		at, n := len(to), min(few, len(lines))
		for i := range n {
			p.index.ask(timeline.PersonHash(lines[i].person))
		}
		for i := range n {
			_, no := p.index.first(timeline.PersonHash(lines[i].person))
			to = append(to, timeline.Number(no))
		}
		for i := range n {
			no := &to[at+i]
			if *no != 0 && *p.id(uint32(*no)) != lines[i].person {
				*no = p.find(&lines[i].person)
			}
			in.follower[in.last] = *no
			in.last = *no
		}
		lines, few = lines[n:], min(2*few, 256)
	}
	return to
}

// add gives a number to a person who has none, whom an event names first. The
// batch gets the folio where that is new.
func (p *persons) add(id uuid.UUID, county string, ref timeline.Ref, b *readmodel.Batch) timeline.Number {
	folio := p.counties[county]
	if folio == 0 || len(p.folios[folio]) == timeline.FolioSize {
		folio = p.open(strings.Clone(county), b)
	}
	no := timeline.Number(folio*timeline.FolioSize + len(p.folios[folio]))
	hash := timeline.PersonHash(id)
	p.know(id, folio)
	p.number(hash, no)
	p.ids.fresh(folio).AddPseudonym(ref, id)
	p.bearers.fresh(timeline.Bucket(hash)).AddBearer(timeline.Bearer{Ref: ref, No: no, Half: uint32(hash)})
	p.fresh = append(p.fresh, person{no, id})
	return no
}

func (p *persons) open(county string, b *readmodel.Batch) (folio int) {
	folio = len(p.folios)
	p.folios = append(p.folios, make([]uuid.UUID, 0, 8))
	p.counties[county] = folio
	b.Folios = append(b.Folios, readmodel.NameRow{No: int64(folio), Name: county})
	return folio
}

// know takes up a person in the next slot of a folio, and says whether there is
// one.
func (p *persons) know(id uuid.UUID, folio int) bool {
	if folio < 1 || folio >= len(p.folios) || len(p.folios[folio]) == timeline.FolioSize {
		return false
	}
	p.folios[folio] = append(p.folios[folio], id)
	return true
}

// number has a person found by the pseudonym.
func (p *persons) number(hash uint64, no timeline.Number) {
	p.index.add(hash, uint32(no), func(no uint32) uint64 { return timeline.PersonHash(*p.id(no)) })
}

// numberAll has n persons found that were taken up, all there are. The index has
// room for them before they are added: it would grow several times.
func (p *persons) numberAll(n int) {
	p.index.places = make([]uint64, placesFor(n))
	for folio, ids := range p.folios {
		for slot := range ids {
			p.number(timeline.PersonHash(ids[slot]), timeline.Number(folio*timeline.FolioSize+slot))
		}
	}
}
