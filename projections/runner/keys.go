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
	asked  asked
	// stored returns the key of an event.
	stored func(context.Context, timeline.Ref) ([16]byte, error)
}

// A key is half a key hash with its event; without an event the place is free.
type key struct {
	half uint64
	ref  timeline.Ref
}

func half(key [16]byte) uint64 { return binary.LittleEndian.Uint64(key[:]) }

// meet adds the keys of the events of a commit that are not there, and appends for
// each event the earlier one with its key, 0 where there is none. It goes from one
// to the next without waiting for the memory.
func (k *keys) meet(ctx context.Context, to []timeline.Ref, ord uint64, events []digested) ([]timeline.Ref, error) {
	for crowded(k.used+len(events), len(k.places)) {
		k.grow()
	}
	for i := range events {
		k.asked += asked(k.places[home(half(events[i].key), len(k.places))].half)
	}
	for i := range events {
		x := &events[i]
		if x.aside != "" {
			to = append(to, 0)
			continue
		}
		first, free, err := k.seek(ctx, x.key)
		if err != nil {
			return to, err
		}
		if first == 0 {
			k.places[free] = key{half(x.key), timeline.MakeRef(ord, i)}
			k.used++
		}
		to = append(to, first)
	}
	return to, nil
}

// find returns the event with a key, the first one where there are several, and
// 0 when there is none.
func (k *keys) find(ctx context.Context, key [16]byte) (first timeline.Ref, err error) {
	if len(k.places) > 0 {
		first, _, err = k.seek(ctx, key)
	}
	return first, err
}

// seek does find, and returns the free place that it came to.
func (k *keys) seek(ctx context.Context, key [16]byte) (first timeline.Ref, free int, err error) {
	h := half(key)
	at := home(h, len(k.places))
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
func (k *keys) add(h [16]byte, ref timeline.Ref) {
	if crowded(k.used, len(k.places)) {
		k.grow()
	}
	k.put(key{half(h), ref})
	k.used++
}

func (k *keys) grow() {
	old := k.places
	k.places = make([]key, larger(len(old)))
	for _, p := range old {
		if p.ref != 0 {
			k.put(p)
		}
	}
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
