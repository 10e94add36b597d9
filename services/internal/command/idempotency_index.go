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

// An IdempotencyIndex remembers every event of a boundary by its key, for ever, so that
// the log takes each event once. The index is folded from the log and has no time
// window. It numbers the events in log order, from 1; states refer to events by these
// numbers.
//
// # Layout
//
// The index keeps 16 bytes for each event, in two words:
//
//	           63                                                        0
//	           ┌─────────────────────────────────────────────────────────┐
//	word 0     │ fingerprint, upper 64 bits                              │
//	           ├──────────────────────┬────────────────────┬────────┬────┤
//	word 1     │ fingerprint, lower   │ content digest     │ type   │ s  │
//	           └──────────────────────┴────────────────────┴────────┴────┘
//	bits         16                     41                   6        1
//
// The fingerprint is derived from the key (family, source and id). The content digest
// tells equal events from others under the same key. The type is the number of the
// event type in the catalogue, so there is room for 64 types. Bit s is set if the event
// was superseded: replaced or withdrawn. A hash table from fingerprints to numbers takes
// 6 to 8 bytes more for each event, and each commit has a row with its position. In all
// an event takes 23 bytes if commits are full, and 27 if each commit holds one event. Of
// each superseded event the index also knows the number of the event that superseded it,
// so that a refusal can name that one.
//
// # Probability of an error
//
// The 80 bits of a fingerprint are taken from the 128 bits of [events.Key.Hash] by
// multiply-shift (Dietzfelbinger et al. 1997), with a secret random factor. Whatever ids
// agencies choose, even ids that were made to collide, two different keys have equal
// fingerprints with a probability of 2^-79 at most. In the same way the content digests
// of two different contents are equal with a probability of 2^-40 at most.
//
// A new event is taken for a duplicate, and is lost, only if both are equal: with a
// probability of 2^-119 for a pair of different keys, and of 2^-40 if an agency used one
// id for two contents. With a hundred million events in the log and a thousand million
// submissions, the probability that any key is taken for another is one in six million.
// Such an event is refused as id_reused; a process with another factor would accept it.
//
// Each process that folds the log draws its own factors. A snapshot of a fold holds the
// factors of the process that wrote it.
type IdempotencyIndex struct {
	keyFactor    [2]uint64 // for fingerprints: 128 bits, odd
	digestFactor uint64    // for content digests, odd
	entries      table.List[indexSlot]
	index        table.Index         // of entries, by fingerprint
	early        map[[16]byte]uint32 // hashes of keys that were superseded before their events came, to the numbers of the events that superseded them
	supersededBy map[uint32]uint32   // numbers of superseded events, to the numbers of the events that superseded them
	positions    commitPositions
	unlogged     []*events.Event // events that were added with the journal open and have no position yet, in order
}

// An indexSlot is the 16 bytes that the index keeps for an event: the upper 64 bits of
// the fingerprint, and the rest as drawn at [IdempotencyIndex].
type indexSlot struct{ fingerprint, rest uint64 }

const (
	digestBits       = 41
	typeBits         = 6
	supersededBit    = 1
	fingerprintShift = digestBits + typeBits + 1
	maxTypes         = 1 << typeBits // types that a catalogue may have
	typeMask         = maxTypes - 1
)

// An IndexedEvent is what the index knows of an event.
type IndexedEvent struct {
	Number     uint32
	Type       events.Type
	Superseded bool   // replaced or withdrawn
	By         uint32 // number of the event that replaced or withdrew it; 0 if none did
}

// An IndexEntry tells a state how the index took the event that the state is to apply.
type IndexEntry struct {
	Number      uint32 // of the event
	Supersedes  uint32 // number of the event that this one replaces or withdraws; 0 if that one has not come
	Ineffective bool   // the event must change nothing: it was superseded before it came, or its key was taken
}

// open draws the factors of an empty index and makes it ready for the first event.
func (x *IdempotencyIndex) open() {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	x.keyFactor = [2]uint64{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:16]) | 1}
	x.digestFactor = binary.LittleEndian.Uint64(b[16:]) | 1
	x.entries.Add(indexSlot{}) // number 0 is none
	x.early, x.supersededBy = map[[16]byte]uint32{}, map[uint32]uint32{}
}

// Find returns what the index knows of the event with key k, and false if there is none.
func (x *IdempotencyIndex) Find(k events.Key) (IndexedEvent, bool) {
	n := x.find(x.fingerprint(k.Hash()))
	if n == 0 {
		return IndexedEvent{}, false
	}
	rest := x.entries.At(n).rest
	return IndexedEvent{n, types[rest>>1&typeMask], rest&supersededBit != 0, x.supersededBy[n]}, true
}

// SupersededNumber returns the number of the event that e replaces or withdraws. It is
// 0 if e supersedes none, or one that has not come.
func (x *IdempotencyIndex) SupersededNumber(e *events.Event) uint32 {
	if k, ok := e.Supersedes(); ok {
		return x.find(x.fingerprint(k.Hash()))
	}
	return 0
}

// SupersededEarly reports whether the event with key k was replaced or withdrawn before
// it came. Record mode accepts events in that order.
func (x *IdempotencyIndex) SupersededEarly(k events.Key) bool {
	_, ok := x.early[k.Hash()]
	return ok
}

// Len returns the number of events, which is the number of the last event.
func (x *IdempotencyIndex) Len() int { return max(0, x.entries.Len()-1) }

// position returns the position of the event with number n, and zero if its commit is
// not in the log yet.
func (x *IdempotencyIndex) position(n uint32) log.Position { return x.positions.of(n) }

// addCommit notes that the events without a position, up to number end without end
// itself, lie in the commit at a position.
func (x *IdempotencyIndex) addCommit(at log.Position, end uint32) {
	logged := min(len(x.unlogged), int(end-x.positions.end()))
	rest := copy(x.unlogged, x.unlogged[logged:])
	clear(x.unlogged[rest:])
	x.unlogged = x.unlogged[:rest]
	x.positions.add(at, end)
}

// end returns the number that the next event will get.
func (x *IdempotencyIndex) end() uint32 { return uint32(max(1, x.entries.Len())) }

// sameContent reports whether e has the content of the event with number n.
func (x *IdempotencyIndex) sameContent(n uint32, e *events.Event) bool {
	return (x.entries.At(n).rest^x.digest(e)<<(typeBits+1))<<(64-fingerprintShift)>>(64-digestBits) == 0
}

// add adds the event e, and marks the event that e supersedes. If the key of e is taken,
// Find goes on finding the first event under that key. e gets a number all the same, so
// that the numbers count the events of the log. add notes its undos in j if j is open.
func (x *IdempotencyIndex) add(e *events.Event, j *Journal) (is IndexEntry) {
	if x.entries.Len() == 0 {
		x.open()
	}
	hash := e.Key().Hash()
	slot := x.fingerprint(hash)
	by, early := x.early[hash]
	taken := x.find(slot) != 0
	slot.rest |= x.digest(e)<<(typeBits+1) | uint64(slices.Index(types, e.Type))<<1
	if early {
		slot.rest |= supersededBit
	}
	is = IndexEntry{Number: x.entries.Add(slot), Ineffective: taken || early}
	if !taken {
		x.index.Add(is.Number, x.hash)
	}
	if early {
		x.supersededBy[is.Number] = by
	}
	if j.Open() {
		x.unlogged = append(x.unlogged, e)
		j.Did(func() {
			if !taken {
				x.index.Drop(is.Number, x.hash)
			}
			x.entries.Cut(int(is.Number))
			delete(x.supersededBy, is.Number)
			x.unlogged = x.unlogged[:len(x.unlogged)-1]
		})
	}
	if k, ok := e.Supersedes(); ok {
		is.Supersedes = x.supersede(k.Hash(), is.Number, j)
	}
	return is
}

// supersede marks the event whose key has this hash as superseded by the event with
// number by, and returns its number. If the event has not come, supersede remembers the
// hash and returns 0. An event that is superseded twice, which a log of submode=record
// may hold, was superseded by the first in log order.
func (x *IdempotencyIndex) supersede(key [16]byte, by uint32, j *Journal) uint32 {
	n := x.find(x.fingerprint(key))
	if n == 0 {
		if _, ok := x.early[key]; !ok {
			x.early[key] = by
			if j.Open() {
				j.Did(func() { delete(x.early, key) })
			}
		}
		return 0
	}
	if x.entries.At(n).rest&supersededBit == 0 {
		x.entries.At(n).rest |= supersededBit
		x.supersededBy[n] = by
		if j.Open() {
			j.Did(func() {
				x.entries.At(n).rest &^= supersededBit
				delete(x.supersededBy, n)
			})
		}
	}
	return n
}

// find returns the number of the event with the fingerprint of a slot, 0 if there is
// none. The digest, type and bit s of the slot do not matter.
func (x *IdempotencyIndex) find(slot indexSlot) uint32 {
	return x.index.Find(slot.fingerprint, func(n uint32) bool {
		e := x.entries.At(n)
		return e.fingerprint == slot.fingerprint && e.rest>>fingerprintShift == slot.rest>>fingerprintShift
	})
}

// hash returns the hash by which the table finds the event with number n.
func (x *IdempotencyIndex) hash(n uint32) uint64 { return x.entries.At(n).fingerprint }

// fingerprint returns a slot that holds the fingerprint of a key alone: the upper 80
// bits of hash × factor, modulo 2^128.
func (x *IdempotencyIndex) fingerprint(key [16]byte) indexSlot {
	high, low := binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:])
	carry, rest := bits.Mul64(low, x.keyFactor[1])
	return indexSlot{carry + high*x.keyFactor[1] + low*x.keyFactor[0], rest >> fingerprintShift << fingerprintShift}
}

// digest returns the 41 bits of the content digest of e, from the first 64 bits of
// [events.Event.Digest].
func (x *IdempotencyIndex) digest(e *events.Event) uint64 {
	n, _ := strconv.ParseUint(e.Digest[:min(16, len(e.Digest))], 16, 64)
	return n * x.digestFactor >> (64 - digestBits)
}

// types are the event types of the contract, by the numbers that the index uses. A
// snapshot holds the list that it was written with, and is not read if that differs.
var types = events.Types()
