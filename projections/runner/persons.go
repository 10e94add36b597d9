package runner

import (
	"encoding/binary"
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
}

func newPersons() persons {
	return persons{folios: make([][]uuid.UUID, 1), counties: map[string]int{}}
}

// personHash is that of a person. The ids are random.
func personHash(id *uuid.UUID) uint64 {
	return binary.LittleEndian.Uint64(id[:8]) ^ binary.LittleEndian.Uint64(id[8:])*0x9e3779b97f4a7c15
}

func (p *persons) id(no uint32) *uuid.UUID {
	folio, slot := timeline.Number(no).Folio()
	return &p.folios[folio][slot]
}

// find returns the number of a person; 0 when there is none.
func (p *persons) find(id *uuid.UUID) timeline.Number {
	h := personHash(id)
	at, no := p.index.first(h)
	for no != 0 && *p.id(no) != *id {
		at, no = p.index.next(at, h)
	}
	return timeline.Number(no)
}

// findAll appends the numbers of persons. They are looked up apart from each
// other, so that the memory is asked for many at a time.
func (p *persons) findAll(to []timeline.Number, lines []line) []timeline.Number {
	for i := range lines {
		_, no := p.index.first(personHash(&lines[i].person))
		to = append(to, timeline.Number(no))
	}
	for i := range lines {
		if no := to[len(to)-len(lines)+i]; no != 0 && *p.id(uint32(no)) != lines[i].person {
			to[len(to)-len(lines)+i] = p.find(&lines[i].person)
		}
	}
	return to
}

// add gives a number to a person who has none. The batch gets the rows.
func (p *persons) add(id uuid.UUID, county string, b *readmodel.Batch) timeline.Number {
	folio := p.counties[county]
	if folio == 0 || len(p.folios[folio]) == timeline.FolioSize {
		folio = p.open(strings.Clone(county), b)
	}
	no := timeline.Number(folio*timeline.FolioSize + len(p.folios[folio]))
	p.know(id, no)
	b.Persons = append(b.Persons, readmodel.PersonRow{No: no, ID: id})
	return no
}

func (p *persons) open(county string, b *readmodel.Batch) (folio int) {
	folio = len(p.folios)
	p.folios = append(p.folios, make([]uuid.UUID, 0, 8))
	p.counties[county] = folio
	b.Folios = append(b.Folios, readmodel.NameRow{No: int64(folio), Name: county})
	return folio
}

// know takes up a person with the number that is the next one in its folio, and
// says whether it is.
func (p *persons) know(id uuid.UUID, no timeline.Number) bool {
	folio, slot := no.Folio()
	if int(folio) >= len(p.folios) || len(p.folios[folio]) != int(slot) {
		return false
	}
	p.folios[folio] = append(p.folios[folio], id)
	p.index.add(personHash(&id), uint32(no), func(no uint32) uint64 { return personHash(p.id(no)) })
	return true
}
