package command

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/table"
)

// A Ledger remembers every event of a boundary by its key, so that the same
// event is taken once, for ever: it is folded from the log and knows no
// window. It numbers the events in log order, from 1, and states know them by
// these numbers.
//
// # What it keeps, and why that is enough
//
// An event takes 16 bytes, 6 to 8 in the index, and a share of its commit's
// place: 23 bytes where commits are full, 27 where each holds one event. The
// 16 bytes are 80 bits of the key, 41 of the digest of what was submitted, 6 of the
// type, and whether the event was voided. So there is room for 64 types.
//
// The 80 bits are drawn from the 128 of [events.Key.Hash] by multiply-shift
// (Dietzfelbinger et al. 1997) under a factor that the process draws at random
// and nobody sees: whatever ids agencies choose, even such as they made to
// collide, any two keys that differ agree in them with a chance of 2^-79 at
// most. (It is drawn anew by each process that folds the log, and written down
// with the fold for those that do not.) So do the 41 bits of a digest, with 2^-40. An event is taken for a
// duplicate, and so not kept, by both together: that another one is, has a
// chance of 2^-119 a pair, or of 2^-40 where its agency used an id twice. Over a hundred million
// events and a thousand million submissions the chance that any key is mistaken
// for another is one in six million; it would be refused as id_reused, and a
// process with a factor of its own would take it.
type IdempotencyIndex struct {
	keyFactor    [2]uint64 // of keys, 128 bits, odd
	digestFactor uint64    // of digests, odd
	entries      table.List[indexSlot]
	index        table.Index
	early        map[[16]byte]struct{} // voided before they came
	positions    commitPositions
}

// An entry is a mark of the key, and the rest: 16 more bits of the mark, 41 of
// the digest, 6 of the type and 1 for what was voided.
type indexSlot struct{ fingerprint, rest uint64 }

const (
	digestBits       = 41
	typeBits         = 6
	supersededBit    = 1
	fingerprintShift = digestBits + typeBits + 1
	maxTypes         = 1 << typeBits // that a catalogue may have
	typeMask         = maxTypes - 1
)

// A Known is what the ledger knows of one event.
type IndexedEvent struct {
	Number     uint32
	Type       events.Type
	Superseded bool // replaced or withdrawn
}

// An Entry is what the ledger has to say of an event that is folded.
type IndexEntry struct {
	Number      uint32 // of the event
	Supersedes  uint32 // number of the event that it replaces or withdraws; 0 where that is not there
	Ineffective bool   // it counts for nothing: it was voided before it came, or its key was taken
}

// open makes an empty ledger ready.
func (l *IdempotencyIndex) open() {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	l.keyFactor = [2]uint64{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:16]) | 1}
	l.digestFactor = binary.LittleEndian.Uint64(b[16:]) | 1
	l.entries.Add(indexSlot{}) // 0 is none
	l.early = map[[16]byte]struct{}{}
}

// Find returns what is known of the event with a key.
func (l *IdempotencyIndex) Find(k events.Key) (IndexedEvent, bool) {
	n := l.find(l.fingerprint(k.Hash()))
	if n == 0 {
		return IndexedEvent{}, false
	}
	rest := l.entries.At(n).rest
	return IndexedEvent{n, types[rest>>1&typeMask], rest&supersededBit != 0}, true
}

// Voids returns the number of the event that e replaces or withdraws, 0 when
// there is none.
func (l *IdempotencyIndex) SupersededNumber(e *events.Event) uint32 {
	if k, ok := e.Supersedes(); ok {
		return l.find(l.fingerprint(k.Hash()))
	}
	return 0
}

// Ahead says whether an event was replaced or withdrawn before it came.
func (l *IdempotencyIndex) SupersededEarly(k events.Key) bool {
	_, ok := l.early[k.Hash()]
	return ok
}

// Len returns how many events there are.
func (l *IdempotencyIndex) Len() int { return max(0, l.entries.Len()-1) }

// at returns the position of an event, and zero while its commit is under way.
func (l *IdempotencyIndex) position(n uint32) log.Position { return l.positions.of(n) }

// place notes that the events without a position, up to a number, lie in the
// commit at one.
func (l *IdempotencyIndex) addCommit(at log.Position, end uint32) { l.positions.add(at, end) }

// end is the number that the next event will have.
func (l *IdempotencyIndex) end() uint32 { return uint32(max(1, l.entries.Len())) }

// same says whether e was submitted with the content of the event of a number.
func (l *IdempotencyIndex) sameContent(n uint32, e *events.Event) bool {
	return (l.entries.At(n).rest^l.digest(e)<<(typeBits+1))<<(64-fingerprintShift)>>(64-digestBits) == 0
}

// enter notes e, and what it voids. The first event under a key stays; one
// that comes after it has a number too, so that numbers count what is in the
// log, and is found by nobody.
func (l *IdempotencyIndex) add(e *events.Event, j *Journal) (is IndexEntry) {
	if l.entries.Len() == 0 {
		l.open()
	}
	hash := e.Key().Hash()
	mark := l.fingerprint(hash)
	_, voided := l.early[hash]
	taken := l.find(mark) != 0
	mark.rest |= l.digest(e)<<(typeBits+1) | uint64(slices.Index(types, e.Type))<<1
	if voided {
		mark.rest |= supersededBit
	}
	is = IndexEntry{Number: l.entries.Add(mark), Ineffective: taken || voided}
	if !taken {
		l.index.Add(is.Number, l.hash)
	}
	if j.Open() {
		j.Did(func() {
			if !taken {
				l.index.Drop(is.Number, l.hash)
			}
			l.entries.Cut(int(is.Number))
		})
	}
	if k, ok := e.Supersedes(); ok {
		is.Supersedes = l.supersede(k.Hash(), j)
	}
	return is
}

// void marks the event under a key as voided, or remembers to.
func (l *IdempotencyIndex) supersede(key [16]byte, j *Journal) uint32 {
	n := l.find(l.fingerprint(key))
	if n == 0 {
		if _, ok := l.early[key]; !ok {
			l.early[key] = struct{}{}
			if j.Open() {
				j.Did(func() { delete(l.early, key) })
			}
		}
		return 0
	}
	if l.entries.At(n).rest&supersededBit == 0 {
		l.entries.At(n).rest |= supersededBit
		if j.Open() {
			j.Did(func() { l.entries.At(n).rest &^= supersededBit })
		}
	}
	return n
}

// find returns the number of the event with a mark, 0 when there is none.
func (l *IdempotencyIndex) find(mark indexSlot) uint32 {
	return l.index.Find(mark.fingerprint, func(n uint32) bool {
		e := l.entries.At(n)
		return e.fingerprint == mark.fingerprint && e.rest>>fingerprintShift == mark.rest>>fingerprintShift
	})
}

func (l *IdempotencyIndex) hash(n uint32) uint64 { return l.entries.At(n).fingerprint }

// mark takes the upper 80 bits of key × factor, modulo 2^128.
func (l *IdempotencyIndex) fingerprint(key [16]byte) indexSlot {
	high, low := binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:])
	carry, rest := bits.Mul64(low, l.keyFactor[1])
	return indexSlot{carry + high*l.keyFactor[1] + low*l.keyFactor[0], rest >> fingerprintShift << fingerprintShift}
}

// digest takes 41 bits of what is kept of the digest of what was submitted.
func (l *IdempotencyIndex) digest(e *events.Event) uint64 {
	n, _ := strconv.ParseUint(e.Digest[:min(16, len(e.Digest))], 16, 64)
	return n * l.digestFactor >> (64 - digestBits)
}

// types are those of the contract by number. A fold that was written down goes by
// the same numbers, or is not read.
var types = events.Types()
