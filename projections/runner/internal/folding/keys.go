package folding

import (
	"context"
	"encoding/binary"

	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/runner/internal/lookup"
	"github.com/muster-works/muster/projections/timeline"
)

// A keyIndex finds events by the hashes of their keys. It holds the first half of each
// hash, by open addressing; where a half is met, the whole hash is compared with that in
// the read model.
type keyIndex struct {
	places []keyPlace
	used   int
	sum    lookup.Prefetched
	stored func(context.Context, timeline.Ref) ([16]byte, error)
}

// A keyPlace holds half a key hash and its event; without an event the place is free.
type keyPlace struct {
	half uint64
	ref  timeline.Ref
}

func half(key [16]byte) uint64 { return binary.LittleEndian.Uint64(key[:]) }

// reserve makes room for n keys in an empty index.
func (k *keyIndex) reserve(n int) { k.places = make([]keyPlace, lookup.PlacesFor(n)) }

// meet adds the keys of the events of a commit that are not there yet, and appends for
// each event the earlier event of the same key, 0 when there is none.
func (k *keyIndex) meet(ctx context.Context, to []timeline.Ref, ord uint64, events []decoding.Event) ([]timeline.Ref, error) {
	for lookup.Crowded(k.used+len(events), len(k.places)) {
		k.grow()
	}
	for i := range events {
		k.sum += lookup.Prefetched(k.places[lookup.Home(half(events[i].Key), len(k.places))].half)
	}
	for i := range events {
		x := &events[i]
		if x.Unreadable != "" {
			to = append(to, 0)
			continue
		}
		first, free, err := k.seek(ctx, x.Key)
		if err != nil {
			return to, err
		}
		if first == 0 {
			k.places[free] = keyPlace{half(x.Key), timeline.MakeRef(ord, i)}
			k.used++
		}
		to = append(to, first)
	}
	return to, nil
}

// find returns the event with a key: the first one when there are several, and 0 when
// there is none.
func (k *keyIndex) find(ctx context.Context, key [16]byte) (first timeline.Ref, err error) {
	if len(k.places) > 0 {
		first, _, err = k.seek(ctx, key)
	}
	return first, err
}

// seek does what find does, and returns the free place that it came to.
func (k *keyIndex) seek(ctx context.Context, key [16]byte) (first timeline.Ref, free int, err error) {
	h := half(key)
	at := lookup.Home(h, len(k.places))
	for ; k.places[at].ref != 0; at = k.after(at) {
		p := &k.places[at]
		if p.half != h || first != 0 && first < p.ref {
			continue
		}
		switch stored, err := k.stored(ctx, p.ref); {
		case err != nil:
			return 0, at, err
		case stored == key:
			first = p.ref
		}
	}
	return first, at, nil
}

// add adds the key of an event.
func (k *keyIndex) add(key [16]byte, ref timeline.Ref) {
	if lookup.Crowded(k.used, len(k.places)) {
		k.grow()
	}
	k.put(keyPlace{half(key), ref})
	k.used++
}

func (k *keyIndex) grow() {
	old := k.places
	k.places = make([]keyPlace, lookup.Larger(len(old)))
	for _, p := range old {
		if p.ref != 0 {
			k.put(p)
		}
	}
}

func (k *keyIndex) put(p keyPlace) {
	at := lookup.Home(p.half, len(k.places))
	for k.places[at].ref != 0 {
		at = k.after(at)
	}
	k.places[at] = p
}

func (k *keyIndex) after(at int) int {
	if at++; at == len(k.places) {
		return 0
	}
	return at
}
