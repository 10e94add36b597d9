package runner

import (
	"context"
	"encoding/binary"

	"github.com/muster-works/muster/projections/timeline"
)

// keys finds events by their key hash. Half of the hash is kept, by open
// addressing; the whole is compared with what the read model holds, where the
// half is found.
type keys struct {
	places []key
	used   int
	// touched has no meaning; what is not used is not read.
	touched uint64
	// stored returns the key of an event.
	stored func(context.Context, timeline.Ref) ([16]byte, error)
}

// A key is half a key hash with its event; without an event the place is free.
type key struct {
	half uint64
	ref  timeline.Ref
}

func half(key [16]byte) uint64 { return binary.LittleEndian.Uint64(key[:]) }

// touch has the places of events brought from memory, many at a time.
func (k *keys) touch(events []digested) {
	if len(k.places) > 0 {
		for i := range events {
			k.touched += k.places[home(half(events[i].key), len(k.places))].half
		}
	}
}

// find returns the event with a key, the first one where there are several, and
// 0 when there is none.
func (k *keys) find(ctx context.Context, key [16]byte) (first timeline.Ref, err error) {
	if len(k.places) == 0 {
		return 0, nil
	}
	h := half(key)
	for at := home(h, len(k.places)); k.places[at].ref != 0; at = k.after(at) {
		p := k.places[at]
		if p.half != h || first != 0 && first < p.ref {
			continue
		}
		switch stored, err := k.stored(ctx, p.ref); {
		case err != nil:
			return 0, err
		case stored == key:
			first = p.ref
		}
	}
	return first, nil
}

// add adds the key of an event.
func (k *keys) add(h [16]byte, ref timeline.Ref) {
	if crowded(k.used, len(k.places)) {
		old := k.places
		k.places = make([]key, larger(len(old)))
		for _, p := range old {
			if p.ref != 0 {
				k.put(p)
			}
		}
	}
	k.put(key{half(h), ref})
	k.used++
}

func (k *keys) put(p key) {
	at := home(p.half, len(k.places))
	for k.places[at].ref != 0 {
		at = k.after(at)
	}
	k.places[at] = p
}

func (k *keys) after(at int) int {
	if at++; at == len(k.places) {
		return 0
	}
	return at
}
