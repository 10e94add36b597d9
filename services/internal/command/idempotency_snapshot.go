package command

import (
	"bytes"
	"maps"
	"slices"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// save writes the index to a snapshot. All events must have a position. The order is
//
//	number of events   Uint, and nothing after it if it is 0
//	factors            3 Words: keyFactor, digestFactor
//	slots              2 Words for each event, in order
//	early              Uint, then for each, in the order of the hashes: 16 bytes of the
//	                   hash, and the number of the event that superseded the key (Uint)
//	superseded         for each slot with bit s, in order: the number of the event that
//	                   superseded it (Uint)
//	commits            for each: number of events, major, minor (Uint)
func (x *IdempotencyIndex) save(w *snapshot.Writer) {
	w.Uint(uint64(x.Len()))
	if x.Len() == 0 {
		return
	}
	for _, n := range [...]uint64{x.keyFactor[0], x.keyFactor[1], x.digestFactor} {
		w.Word(n)
	}
	for n := 1; n <= x.Len(); n++ {
		e := x.entries.At(uint32(n))
		w.Word(e.fingerprint)
		w.Word(e.rest)
	}
	w.Uint(uint64(len(x.early)))
	for _, key := range slices.SortedFunc(maps.Keys(x.early), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
		w.Bytes(key[:])
		w.Uint(uint64(x.early[key]))
	}
	for n := uint32(1); int(n) <= x.Len(); n++ {
		if x.entries.At(n).rest&supersededBit != 0 {
			w.Uint(uint64(x.supersededBy[n]))
		}
	}
	for r := range x.positions.all() {
		w.Uint(uint64(r.next - r.first))
		w.Uint(r.major)
		w.Uint(r.minor)
	}
}

// loadStateBase reads what save wrote, rejects what makes no sense, and builds the hash
// table anew.
func loadStateBase(r *snapshot.Reader) *StateBase {
	b := new(StateBase)
	x := &b.IdempotencyIndex
	events := r.Below(1 << 31)
	if events == 0 {
		return b
	}
	x.open()
	x.keyFactor, x.digestFactor = [2]uint64{r.Word(), r.Word()}, r.Word()
	if x.keyFactor[1]&x.digestFactor&1 == 0 && r.Err() == nil {
		r.Reject("a factor is even")
	}
	for ; events > 0 && r.Err() == nil; events-- {
		e := indexSlot{r.Word(), r.Word()}
		if int(e.rest>>1&typeMask) >= len(types) {
			r.Reject("a type is unknown")
		}
		taken := x.find(e) != 0
		if number := x.entries.Add(e); !taken {
			x.index.Add(number, x.hash)
		}
	}
	for n := r.Below(1 << 31); n > 0 && r.Err() == nil; n-- {
		var key [16]byte
		r.Fill(key[:])
		x.early[key] = x.readNumber(r)
	}
	for n := uint32(1); int(n) <= x.Len() && r.Err() == nil; n++ {
		if x.entries.At(n).rest&supersededBit != 0 {
			x.supersededBy[n] = x.readNumber(r)
		}
	}
	for x.positions.end() < uint32(x.entries.Len()) && r.Err() == nil {
		next := x.positions.end() + r.Below(x.Len()+1)
		at := log.At(r.Uint(), r.Uint())
		if major, _ := at.Parts(); next <= x.positions.end() || int(next) > x.entries.Len() || major < x.positions.last.major {
			r.Reject("places are out of order")
			break
		}
		x.positions.add(at, next)
	}
	return b
}

// readNumber reads the number of an event of the index.
func (x *IdempotencyIndex) readNumber(r *snapshot.Reader) uint32 {
	n := r.Below(x.Len() + 1)
	if n == 0 && r.Err() == nil {
		r.Reject("an event was superseded by none")
	}
	return n
}
