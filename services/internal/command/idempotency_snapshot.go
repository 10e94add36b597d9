package command

import (
	"bytes"
	"maps"
	"slices"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// save writes the ledger, all of whose events have a place.
func (l *IdempotencyIndex) save(w *snapshot.Writer) {
	w.Uint(uint64(l.Len()))
	if l.Len() == 0 {
		return
	}
	for _, n := range [...]uint64{l.keyFactor[0], l.keyFactor[1], l.digestFactor} {
		w.Word(n)
	}
	for n := 1; n <= l.Len(); n++ {
		e := l.entries.At(uint32(n))
		w.Word(e.fingerprint)
		w.Word(e.rest)
	}
	w.Uint(uint64(len(l.early)))
	for _, key := range slices.SortedFunc(maps.Keys(l.early), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
		w.Bytes(key[:])
	}
	for r := range l.positions.all() {
		w.Uint(uint64(r.next - r.first))
		w.Uint(r.major)
		w.Uint(r.minor)
	}
}

// loadBooks reads what save wrote. The index is made anew.
func loadStateBase(r *snapshot.Reader) *StateBase {
	b := new(StateBase)
	l := &b.IdempotencyIndex
	events := r.Below(1 << 31)
	if events == 0 {
		return b
	}
	l.open()
	l.keyFactor, l.digestFactor = [2]uint64{r.Word(), r.Word()}, r.Word()
	if l.keyFactor[1]&l.digestFactor&1 == 0 && r.Err() == nil {
		r.Reject("a factor is even")
	}
	for ; events > 0 && r.Err() == nil; events-- {
		e := indexSlot{r.Word(), r.Word()}
		if int(e.rest>>1&typeMask) >= len(types) {
			r.Reject("a type is unknown")
		}
		taken := l.find(e) != 0
		if number := l.entries.Add(e); !taken {
			l.index.Add(number, l.hash)
		}
	}
	for n := r.Below(1 << 31); n > 0 && r.Err() == nil; n-- {
		var key [16]byte
		r.Fill(key[:])
		l.early[key] = struct{}{}
	}
	for l.positions.end() < uint32(l.entries.Len()) && r.Err() == nil {
		next := l.positions.end() + r.Below(l.Len()+1)
		at := log.At(r.Uint(), r.Uint())
		if major, _ := at.Parts(); next <= l.positions.end() || int(next) > l.entries.Len() || major < l.positions.last.major {
			r.Reject("places are out of order")
			break
		}
		l.positions.add(at, next)
	}
	return b
}
