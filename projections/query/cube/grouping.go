package cube

import (
	"math"
	"math/bits"
	"slices"

	"github.com/muster-works/muster/projections/view"
)

// A Grouping puts the classes of figures together that have the same labels. Groups
// are numbered from 0, in the order of their labels.
type Grouping struct {
	scales  []scale
	sums    []*classSums
	groupOf [][]int32 // by index in sums and by class; −1 is no group
	keys    []uint64  // of each group
}

// maxTableKeys is for how many possible keys a table of bits is made: 16 MB.
const maxTableKeys = 1 << 27

// outside is the key of a class that the question is not about.
const outside = math.MaxUint64

// Group breaks the figures of the divisions under a prefix down by axes. Without axes
// there is one group, even if it is empty.
func (f *Figures) Group(prefix string, by []By) *Grouping {
	g := &Grouping{sums: f.sumsFor(prefix, by)}
	size := uint64(1) // how many keys are possible
	for _, b := range by {
		s := f.scales.of(b, f.cells).under(prefix)
		g.scales = append(g.scales, s)
		size *= uint64(len(s.labels))
	}
	under := f.cells.under(prefix)
	keys := make([][]uint64, len(g.sums))
	for i, s := range g.sums {
		keys[i] = g.keysOf(s, under)
	}
	number := g.number(keys, size)
	g.groupOf = make([][]int32, len(keys))
	for i, keys := range keys {
		g.groupOf[i] = groupsOf(keys, number)
	}
	return g
}

func groupsOf(keys []uint64, number func(key uint64) int32) []int32 {
	groups := make([]int32, len(keys))
	for class, key := range keys {
		if groups[class] = -1; key != outside {
			groups[class] = number(key)
		}
	}
	return groups
}

// keysOf returns the key of each class: the places of its labels on the scales, as the
// digits of a number. So keys are in the order of labels.
func (g *Grouping) keysOf(s *classSums, under []bool) []uint64 {
	keys := make([]uint64, s.Classes())
	for i := range g.scales {
		scale := &g.scales[i]
		size, place, first := uint64(len(scale.labels)), scale.place, uint64(scale.first)
		for class, code := range s.codes[scale.Axis][:len(keys)] {
			keys[class] = keys[class]*size + uint64(place[code]) - first
		}
	}
	for class, code := range s.codes[view.Division][:len(keys)] {
		if !under[code] {
			keys[class] = outside
		}
	}
	return keys
}

// number collects the keys that occur, and returns a function from a key to its number
// in their order.
func (g *Grouping) number(keys [][]uint64, size uint64) func(key uint64) int32 {
	if len(g.scales) == 0 {
		g.keys = []uint64{0}
		return func(uint64) int32 { return 0 }
	}
	if size > maxTableKeys {
		return g.numberBySearch(keys)
	}
	return g.numberByTable(keys, size)
}

func (g *Grouping) numberBySearch(keys [][]uint64) func(key uint64) int32 {
	g.keys = slices.Concat(keys...)
	slices.Sort(g.keys)
	g.keys = slices.Compact(g.keys)
	if n, found := slices.BinarySearch(g.keys, outside); found {
		g.keys = g.keys[:n]
	}
	return func(key uint64) int32 { n, _ := slices.BinarySearch(g.keys, key); return int32(n) }
}

// numberByTable keeps a bit for each possible key. The number of a key is how many bits
// are set before its own; those of earlier words are counted once.
func (g *Grouping) numberByTable(keys [][]uint64, size uint64) func(key uint64) int32 {
	set := make([]uint64, size/64+1)
	for _, keys := range keys {
		for _, key := range keys {
			if key != outside {
				set[key/64] |= 1 << (key % 64)
			}
		}
	}
	before := make([]int32, len(set))
	for i, bitmap := range set {
		before[i] = int32(len(g.keys))
		for ; bitmap != 0; bitmap &= bitmap - 1 {
			g.keys = append(g.keys, uint64(i*64+bits.TrailingZeros64(bitmap)))
		}
	}
	return func(key uint64) int32 {
		return before[key/64] + int32(bits.OnesCount64(set[key/64]&(1<<(key%64)-1)))
	}
}

// Len returns how many groups there are.
func (g *Grouping) Len() int { return len(g.keys) }

// Labels returns the labels of a group on the axes that the grouping is by.
func (g *Grouping) Labels(group int) (labels Labels) {
	key := g.keys[group]
	for i := len(g.scales) - 1; i >= 0; i-- {
		s := &g.scales[i]
		size := uint64(len(s.labels))
		labels[s.Axis] = &s.labels[key%size]
		key /= size
	}
	return labels
}
