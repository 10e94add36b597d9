package vault

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
)

// A mark says of a hash what person.identified events did, or are about to do. The hash is that of
// an identity number or of the key of an event; no two of these are ever equal.
type mark struct {
	kind   markKind
	person events.Person // zero if it is unknown
	until  int64         // of markUnderway: after this second the event cannot come into the log any more
}

// A markKind says what a mark means. The values are stored, so they must not change.
type markKind uint8

const (
	markKept      markKind = 1 // a former number, which still leads to the person
	markFreed     markKind = 2 // a mistyped number, which leads to whoever is entered with it
	markStands    markKind = 3 // a person.identified that the vault has taken in
	markRetracted markKind = 4 // a person.identified that was retracted before it came
	markUnderway  markKind = 5 // an event about an identity that may come into the log any moment
)

// A markedHash is a row of table identified.
type markedHash struct {
	hash [16]byte
	mark
}

// newMarkedHash returns a mark from the columns of a row.
func newMarkedHash(hash, person []byte, kind int64, until int64) (m markedHash, err error) {
	if len(hash) != len(m.hash) || len(person) != len(m.person) || kind < int64(markKept) || kind > int64(markUnderway) {
		return m, errors.New("vault: a row of identified is damaged")
	}
	copy(m.hash[:], hash)
	copy(m.person[:], person)
	m.kind, m.until = markKind(kind), until
	return m, nil
}

// applyMarks brings the marks of the index up to date. The caller holds mu.
func (v *Vault) applyMarks(n *indexUpdate) {
	for _, h := range n.unmarked {
		v.dropMark(h)
	}
	for _, m := range n.marks {
		v.dropMark(m.hash)
		v.marks[m.hash] = m.mark
		switch m.kind {
		case markKept:
			v.persons[numberHash(m.hash)] = m.person
		case markFreed:
			v.freed++
		case markUnderway:
			v.underway[m.hash] = m.until
		default: // the others lead to nobody
		}
	}
}

// dropMark takes a mark out of the index. The caller holds mu.
func (v *Vault) dropMark(h [16]byte) {
	if v.marks[h].kind == markFreed {
		v.freed--
	}
	delete(v.marks, h)
	delete(v.underway, h)
}

// IdentityUnderway reports whether an event about an identity may have come into the log that the
// vault has not taken in. What it knows of numbers may be out of date then.
func (v *Vault) IdentityUnderway() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.underway) > 0
}

// HasFreed reports whether there is a number that FreedFrom knows.
func (v *Vault) HasFreed() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.freed > 0
}

// FreedFrom returns the person for whom an identity number was entered by mistake, and the zero
// pseudonym if there was none. Events of before the correction name the person by that number.
func (v *Vault) FreedFrom(number string) events.Person {
	if !v.HasFreed() {
		return events.Person{}
	}
	h := v.hashNumber(number)
	v.mu.RLock()
	defer v.mu.RUnlock()
	if m := v.marks[h]; m.kind == markFreed {
		return m.person
	}
	return events.Person{}
}

// markOf returns the mark of a hash.
func (g *groupCommit) markOf(h [16]byte) (mark, bool) {
	if m, ok := g.change.marks[h]; ok {
		if m == nil {
			return mark{}, false
		}
		return *m, true
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	m, ok := g.v.marks[h]
	return m, ok
}

// setMark makes the mark of a hash part of the change.
func (g *groupCommit) setMark(h [16]byte, m mark) { g.changeMark(h, &m) }

// unmark takes the mark of a hash away.
func (g *groupCommit) unmark(h [16]byte) {
	if _, ok := g.markOf(h); ok {
		g.changeMark(h, nil)
	}
}

func (g *groupCommit) changeMark(h [16]byte, m *mark) {
	if g.change.marks == nil {
		g.change.marks = map[[16]byte]*mark{}
	}
	g.change.marks[h] = m
}

// seconds returns a moment as marks have it.
func seconds(t time.Time) int64 { return t.Unix() }

// upToName is the name under which table meta has the position up to which the log was taken in.
const upToName = "identified"

func encodePosition(p log.Position) []byte {
	major, minor := p.Parts()
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, major), minor)
}

func decodePosition(b []byte) (log.Position, error) {
	if len(b) != 16 {
		return log.Position{}, errors.New("vault: a position is damaged")
	}
	return log.At(binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])), nil
}
