package query

import (
	"maps"
	"math"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/muster-works/muster/events/division"
)

// An axis is one dimension that figures are broken down by. Divisions roll up
// to a level.
type axis struct {
	dimension int
	level     division.Level // of byDivision
}

// digits is how many digits of a code name a division of each level.
var digits = [...]int{division.Province: 2, division.Prefecture: 4, division.County: 6, division.Township: 9, division.Village: 12}

// key returns what tells the labels of values apart: the digits of a division,
// and else the value itself, which also stands for a code that is none.
func (a axis) key(value string) string {
	if a.dimension == byDivision && len(value) == digits[division.Village] {
		return value[:digits[a.level]]
	}
	return value
}

// label is what values with a key count under.
func (a axis) label(key string) string {
	if a.dimension == byDivision && len(key) == digits[a.level] {
		return key + "000000000000"[len(key):]
	}
	return key
}

// A scale is an axis with its labels.
type scale struct {
	axis
	labels []string // sorted
	place  []int32  // of each value among the labels, by code
	first  int32    // place of labels[0]
}

// A scaleBook keeps the scales made last, since divisions are many.
type scaleBook struct {
	mu   sync.Mutex
	made map[axis]scale
}

// of returns the scale of an axis for all values that there are.
func (b *scaleBook) of(a axis, c *cells) scale {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.made[a]
	if len(s.place) < len(c.values[a.dimension]) {
		s = a.scale(c.values[a.dimension])
		if b.made == nil {
			b.made = map[axis]scale{}
		}
		b.made[a] = s
	}
	return s
}

func (a axis) scale(values []string) scale {
	s := scale{axis: a, place: make([]int32, len(values))}
	places := make(map[string]int32, 64)
	for _, v := range values {
		places[a.key(v)] = 0
	}
	// Keys sort as labels do: a key that is cut short is followed by zeros.
	for i, k := range slices.Sorted(maps.Keys(places)) {
		places[k] = int32(i)
		s.labels = append(s.labels, a.label(k))
	}
	for code, v := range values {
		s.place[code] = places[a.key(v)]
	}
	return s
}

// under leaves out the labels of divisions that are not under a prefix.
func (s scale) under(prefix string) scale {
	if s.dimension == byDivision {
		prefix = prefix[:min(len(prefix), digits[s.level])]
		from := sort.SearchStrings(s.labels, prefix)
		n := sort.Search(len(s.labels)-from, func(i int) bool { return !strings.HasPrefix(s.labels[from+i], prefix) })
		s.labels, s.first = s.labels[from:from+n], int32(from)
	}
	return s
}

// A grouping puts the classes of ledgers together that have the same labels.
// Groups are numbered in the order of their labels.
type grouping struct {
	scales  []scale
	ledgers []*ledger
	of      [][]int32 // group of each class of each ledger; −1 is none
	keys    []uint64  // of each group
}

// maxKeys is for how many keys there is a table.
const maxKeys = 1 << 27

// group puts together what a question is about. Without axes there is one
// group, of whatever there is. The cells are those of the figures, or later.
func (c *cube) group(f *figures, cells *cells, x *extent) *grouping {
	g := &grouping{ledgers: f.ledgers(x)}
	size := uint64(1)
	for _, a := range x.by {
		s := c.scales.of(a, cells).under(x.prefix)
		g.scales = append(g.scales, s)
		size *= uint64(len(s.labels))
	}
	within := cells.within(x.prefix)
	keys := make([][]uint64, len(g.ledgers))
	for i, l := range g.ledgers {
		keys[i] = g.keysOf(&l.classes, within)
	}
	number := g.number(keys, size)
	g.of = make([][]int32, len(keys))
	for i, keys := range keys {
		of := make([]int32, len(keys))
		for class, key := range keys {
			if of[class] = -1; key != out {
				of[class] = number(key)
			}
		}
		g.of[i] = of
	}
	return g
}

// out is the key of a class that does not belong to what is asked.
const out = math.MaxUint64

// keysOf returns the key of each class: its places on the scales, as the digits
// of a number, so that keys count up in the order of labels.
func (g *grouping) keysOf(c *classes, within []bool) []uint64 {
	keys := make([]uint64, c.n)
	for i := range g.scales {
		s := &g.scales[i]
		size, place, first := uint64(len(s.labels)), s.place, uint64(s.first)
		for class, code := range c.of[s.dimension][:c.n] {
			keys[class] = keys[class]*size + uint64(place[code]) - first
		}
	}
	for class, code := range c.of[byDivision][:c.n] {
		if !within[code] {
			keys[class] = out
		}
	}
	return keys
}

// number notes which keys there are, and returns what numbers them: in a table
// of bits, by how many are before it, or where there may be too many by a search.
func (g *grouping) number(keys [][]uint64, size uint64) func(key uint64) int32 {
	if len(g.scales) == 0 {
		g.keys = []uint64{0}
		return func(uint64) int32 { return 0 }
	}
	if size > maxKeys {
		g.keys = slices.Concat(keys...)
		slices.Sort(g.keys)
		g.keys = slices.Compact(g.keys)
		return func(key uint64) int32 { n, _ := slices.BinarySearch(g.keys, key); return int32(n) }
	}
	there := make([]uint64, size/64+1)
	for _, keys := range keys {
		for _, key := range keys {
			if key != out {
				there[key/64] |= 1 << (key % 64)
			}
		}
	}
	before := make([]int32, len(there))
	for i, bitmap := range there {
		before[i] = int32(len(g.keys))
		for ; bitmap != 0; bitmap &= bitmap - 1 {
			g.keys = append(g.keys, uint64(i*64+bits.TrailingZeros64(bitmap)))
		}
	}
	return func(key uint64) int32 {
		return before[key/64] + int32(bits.OnesCount64(there[key/64]&(1<<(key%64)-1)))
	}
}

// label returns the label of a group on one of the axes.
func (g *grouping) label(group, axis int) *string {
	key := g.keys[group]
	for _, s := range g.scales[axis+1:] {
		key /= uint64(len(s.labels))
	}
	s := &g.scales[axis]
	return &s.labels[key%uint64(len(s.labels))]
}
