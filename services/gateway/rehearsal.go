package gateway

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// The bounds of a dry run, which is held in memory and decided anew by every
// service that it comes to.
const (
	rehearsalEvents = 10_000
	rehearsalBytes  = 16 << 20
)

// A rehearsal is what a dry run has come to so far. Nothing of it outlives the
// request: people whom the vault does not know get a pseudonym that is thrown
// away, so that two hires of one of them are seen to be of the same person.
//
// The people belong to the preparation of the submission, the premises to its
// deciding.
type rehearsal struct {
	directory
	people map[string]events.Person // by identity number
	born   map[events.Person]idnumber.Number

	premises []*events.Event
	events   int // handed to services, and their bytes
	bytes    int
}

func newRehearsal(d directory) *rehearsal {
	return &rehearsal{directory: d, people: map[string]events.Person{}, born: map[events.Person]idnumber.Number{}}
}

// Find is that of the vault, and knows those who were made known here.
func (h *rehearsal) Find(dst []events.Person, numbers ...string) []events.Person {
	before := len(dst)
	dst = h.directory.Find(dst, numbers...)
	for i, n := range numbers {
		if dst[before+i] == (events.Person{}) {
			dst[before+i] = h.people[n]
		}
	}
	return dst
}

// Birth is that of the vault, and knows those who were made known here.
func (h *rehearsal) Birth(p events.Person) (month civil.Month, female, known bool) {
	if n, ok := h.born[p]; ok {
		return n.Birth.Month(), n.Female, true
	}
	return h.directory.Birth(p)
}

// enter makes the person of a hire known and fills in what the engine knows of
// them, but for what is sealed: nobody keeps it.
func (h *rehearsal) enter(d *events.HirePlaced) events.Reasons {
	if d.Identity != nil && d.Identity.IDNumber != "" {
		if _, err := idnumber.Parse(d.Identity.IDNumber); err != nil {
			return events.Refuse(events.InvalidIDNumber, "data.identity.id_number", err.Error())
		}
		h.meet(&d.Who)
	}
	d.Identity = nil
	month, female, known := h.Birth(d.Person)
	if !known {
		return unknown("data.person")
	}
	d.BirthMonth, d.Sex = month, "M"
	if female {
		d.Sex = "F"
	}
	return nil
}

// meet makes whoever is named by a valid identity number known.
func (h *rehearsal) meet(w *events.Who) {
	if w.Identity == nil {
		return
	}
	number := w.Identity.IDNumber
	n, err := idnumber.Parse(number)
	if err != nil {
		return
	}
	if w.Person = h.Find(nil, number)[0]; w.Person == (events.Person{}) {
		w.Person = uuid.New()
		h.people[number], h.born[w.Person] = w.Person, n
	}
}

// resolve is what the vault would make of a run.
func (h *rehearsal) resolve(list []*events.Event, refused []events.Reasons) {
	for i, e := range list {
		switch d := e.Data.(type) {
		case *events.HirePlaced:
			refused[i] = h.enter(d)
			continue
		case *events.TrainingCompleted:
			if d.PreService {
				h.meet(&d.Who)
			}
		case *events.AccountAssigned:
			d.Number = ""
		case *events.PaymentSettled:
			for n := range d.Lines {
				if l := &d.Lines[n]; l.Number != "" {
					l.Number = ""
				}
			}
		}
		refused[i] = people(h, e.Data)
	}
}

// admit counts a run, and fails when that makes the rehearsal too large.
func (h *rehearsal) admit(r *run) error {
	h.events, h.bytes = h.events+len(r.events), h.bytes+r.bytes
	if h.events > rehearsalEvents || h.bytes > rehearsalBytes {
		return newProblem(http.StatusRequestEntityTooLarge, events.TooLarge,
			fmt.Sprintf("a dry run has at most %d events and %d MiB; try parts, of which each sees its own events alone", rehearsalEvents, rehearsalBytes>>20))
	}
	return nil
}

// keep adds what was accepted of the first n events of a run to the premises.
func (h *rehearsal) keep(r *run, n int, receipts []events.Receipt) {
	for i, e := range r.events[:n] {
		receipt := receipts[r.at[i]]
		if receipt.Status != events.Accepted {
			continue
		}
		if d, ok := e.Data.(*events.HirePlaced); ok {
			c, data := *e, *d
			data.Seat, c.Data = receipt.Seat, &data
			e = &c
		}
		h.premises = append(h.premises, e)
	}
}

// forget takes pseudonyms out of receipts that nobody will know again.
func (h *rehearsal) forget(receipts []events.Receipt) {
	for i := range receipts {
		if _, thrown := h.born[receipts[i].Person]; thrown {
			receipts[i].Person = events.Person{}
		}
	}
}
