package desk

import (
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A Ledger remembers every event of a boundary by its key, so that the same
// event is taken once, for ever: it is folded from the log and knows no
// window.
type Ledger struct {
	entries map[[16]byte]Entry
	ahead   map[[16]byte]bool // voided before they came
}

// An Entry is what the ledger knows of one event.
type Entry struct {
	At     log.Position // zero while the commit is under way
	digest uint64
	Type   events.Type
	Voided bool // replaced or withdrawn
}

// Find returns the entry of a key.
func (l *Ledger) Find(k events.Key) (Entry, bool) {
	e, ok := l.entries[k.Hash()]
	return e, ok
}

// digest64 is the part of an event's digest that the ledger keeps.
func digest64(e *events.Event) uint64 {
	n, _ := strconv.ParseUint(e.Digest[:min(16, len(e.Digest))], 16, 64)
	return n
}

// add notes e, and what it voids. The first event under a key stays.
func (l *Ledger) add(e *events.Event, at log.Position, j *Journal) {
	h := e.Key().Hash()
	if _, ok := l.entries[h]; !ok {
		l.entries[h] = Entry{At: at, digest: digest64(e), Type: e.Type, Voided: l.ahead[h]}
		if j.Open() {
			j.Did(func() { delete(l.entries, h) })
		}
	}
	if k, ok := Voids(e); ok {
		h := k.Hash()
		old, known := l.entries[h]
		switch {
		case known:
			entry := old
			entry.Voided = true
			l.entries[h] = entry
			if j.Open() {
				j.Did(func() { l.entries[h] = old })
			}
		case !l.ahead[h]:
			l.ahead[h] = true
			if j.Open() {
				j.Did(func() { delete(l.ahead, h) })
			}
		}
	}
}

// place fills in the position of an event noted while it was under way.
func (l *Ledger) place(e *events.Event, at log.Position) {
	h := e.Key().Hash()
	if entry, ok := l.entries[h]; ok && entry.At.IsZero() {
		entry.At = at
		l.entries[h] = entry
	}
}

// Voids returns the key of the event that e replaces or withdraws.
func Voids(e *events.Event) (events.Key, bool) {
	if w, ok := e.Data.(*events.EventWithdrawn); ok {
		return events.Key{Family: e.Family(), Source: e.Source, ID: w.ID}, true
	}
	if e.Replaces != "" {
		return events.Key{Family: e.Family(), Source: e.Source, ID: e.Replaces}, true
	}
	return events.Key{}, false
}
