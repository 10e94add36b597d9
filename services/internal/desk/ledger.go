package desk

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
type Ledger struct {
	factor  [2]uint64 // of keys, 128 bits, odd
	twist   uint64    // of digests, odd
	entries table.List[entry]
	index   table.Index
	ahead   map[[16]byte]struct{} // voided before they came
	places  places
}

// An entry is a mark of the key, and the rest: 16 more bits of the mark, 41 of
// the digest, 6 of the type and 1 for what was voided.
type entry struct{ mark, rest uint64 }

const (
	digestBits = 41
	typeBits   = 6
	voidedBit  = 1
	markShift  = digestBits + typeBits + 1
	maxTypes   = 1 << typeBits // that a catalogue may have
	typeMask   = maxTypes - 1
)

// A Known is what the ledger knows of one event.
type Known struct {
	Number uint32
	Type   events.Type
	Voided bool // replaced or withdrawn
}

// An Entry is what the ledger has to say of an event that is folded.
type Entry struct {
	Number uint32 // of the event
	Voids  uint32 // number of the event that it replaces or withdraws; 0 where that is not there
	Void   bool   // it counts for nothing: it was voided before it came, or its key was taken
}

// open makes an empty ledger ready.
func (l *Ledger) open() {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails
	l.factor = [2]uint64{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:16]) | 1}
	l.twist = binary.LittleEndian.Uint64(b[16:]) | 1
	l.entries.Add(entry{}) // 0 is none
	l.ahead = map[[16]byte]struct{}{}
}

// Find returns what is known of the event with a key.
func (l *Ledger) Find(k events.Key) (Known, bool) {
	n := l.find(l.mark(k.Hash()))
	if n == 0 {
		return Known{}, false
	}
	rest := l.entries.At(n).rest
	return Known{n, types[rest>>1&typeMask], rest&voidedBit != 0}, true
}

// Voids returns the number of the event that e replaces or withdraws, 0 when
// there is none.
func (l *Ledger) Voids(e *events.Event) uint32 {
	if k, ok := e.Supersedes(); ok {
		return l.find(l.mark(k.Hash()))
	}
	return 0
}

// Ahead says whether an event was replaced or withdrawn before it came.
func (l *Ledger) Ahead(k events.Key) bool {
	_, ok := l.ahead[k.Hash()]
	return ok
}

// Len returns how many events there are.
func (l *Ledger) Len() int { return max(0, l.entries.Len()-1) }

// at returns the position of an event, and zero while its commit is under way.
func (l *Ledger) at(n uint32) log.Position { return l.places.of(n) }

// place notes that the events without a position, up to a number, lie in the
// commit at one.
func (l *Ledger) place(at log.Position, end uint32) { l.places.add(at, end) }

// end is the number that the next event will have.
func (l *Ledger) end() uint32 { return uint32(max(1, l.entries.Len())) }

// same says whether e was submitted with the content of the event of a number.
func (l *Ledger) same(n uint32, e *events.Event) bool {
	return (l.entries.At(n).rest^l.digest(e)<<(typeBits+1))<<(64-markShift)>>(64-digestBits) == 0
}

// enter notes e, and what it voids. The first event under a key stays; one
// that comes after it has a number too, so that numbers count what is in the
// log, and is found by nobody.
func (l *Ledger) enter(e *events.Event, j *Journal) (is Entry) {
	if l.entries.Len() == 0 {
		l.open()
	}
	hash := e.Key().Hash()
	mark := l.mark(hash)
	_, voided := l.ahead[hash]
	taken := l.find(mark) != 0
	mark.rest |= l.digest(e)<<(typeBits+1) | uint64(slices.Index(types, e.Type))<<1
	if voided {
		mark.rest |= voidedBit
	}
	is = Entry{Number: l.entries.Add(mark), Void: taken || voided}
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
		is.Voids = l.void(k.Hash(), j)
	}
	return is
}

// void marks the event under a key as voided, or remembers to.
func (l *Ledger) void(key [16]byte, j *Journal) uint32 {
	n := l.find(l.mark(key))
	if n == 0 {
		if _, ok := l.ahead[key]; !ok {
			l.ahead[key] = struct{}{}
			if j.Open() {
				j.Did(func() { delete(l.ahead, key) })
			}
		}
		return 0
	}
	if l.entries.At(n).rest&voidedBit == 0 {
		l.entries.At(n).rest |= voidedBit
		if j.Open() {
			j.Did(func() { l.entries.At(n).rest &^= voidedBit })
		}
	}
	return n
}

// find returns the number of the event with a mark, 0 when there is none.
func (l *Ledger) find(mark entry) uint32 {
	return l.index.Find(mark.mark, func(n uint32) bool {
		e := l.entries.At(n)
		return e.mark == mark.mark && e.rest>>markShift == mark.rest>>markShift
	})
}

func (l *Ledger) hash(n uint32) uint64 { return l.entries.At(n).mark }

// mark takes the upper 80 bits of key × factor, modulo 2^128.
func (l *Ledger) mark(key [16]byte) entry {
	high, low := binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:])
	carry, rest := bits.Mul64(low, l.factor[1])
	return entry{carry + high*l.factor[1] + low*l.factor[0], rest >> markShift << markShift}
}

// digest takes 41 bits of what is kept of the digest of what was submitted.
func (l *Ledger) digest(e *events.Event) uint64 {
	n, _ := strconv.ParseUint(e.Digest[:min(16, len(e.Digest))], 16, 64)
	return n * l.twist >> (64 - digestBits)
}

// types are those of the contract by number. A fold that was written down goes by
// the same numbers, or is not read.
var types = events.Types()
