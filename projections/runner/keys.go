package runner

import (
	"context"
	"encoding/binary"

	"github.com/muster-works/muster/projections/timeline"
)

// keys finds events by their key hash. Half of the hash is kept; the whole is
// compared with what the read model holds, where the half is found.
type keys struct {
	half map[uint64]timeline.Ref
	// whole holds the keys whose half another one had first.
	whole map[[16]byte]timeline.Ref
	// stored returns the key of an event.
	stored func(context.Context, timeline.Ref) ([16]byte, error)
}

func half(key [16]byte) uint64 { return binary.LittleEndian.Uint64(key[:]) }

// find returns the event with a key, 0 when there is none.
func (k *keys) find(ctx context.Context, key [16]byte) (timeline.Ref, error) {
	ref, ok := k.half[half(key)]
	if !ok {
		return 0, nil
	}
	stored, err := k.stored(ctx, ref)
	if err != nil {
		return 0, err
	}
	if stored == key {
		return ref, nil
	}
	return k.whole[key], nil
}

// add adds the key of an event that find did not find.
func (k *keys) add(key [16]byte, ref timeline.Ref) {
	if _, taken := k.half[half(key)]; taken {
		k.whole[key] = ref
	} else {
		k.half[half(key)] = ref
	}
}
