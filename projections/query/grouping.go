package query

import (
	"cmp"
	"maps"
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

// groups are what figures are broken down into: all that have the same labels.
// A group is found by a key, which counts up in the order of labels. Groups are
// numbered as they come.
type groups struct {
	scales []scale
	keys   []uint64         // by number
	dense  []int32          // number + 1 by key, while the keys are few
	sparse map[uint64]int32 // number by key, where they are not
}

// fewKeys is for how many keys a table is made.
const fewKeys = 1 << 22

// group returns the groups of a question, none as yet. Without axes there is
// one, of whatever there is.
func (c *cube) group(all *cells, prefix string, by []axis) *groups {
	g := &groups{sparse: map[uint64]int32{}}
	size := uint64(1)
	for _, a := range by {
		s := c.scales.of(a, all).under(prefix)
		g.scales = append(g.scales, s)
		size *= uint64(len(s.labels))
	}
	if size <= fewKeys {
		g.dense = make([]int32, size)
	}
	if len(by) == 0 {
		g.number(0)
	}
	return g
}

// key returns the key of a class.
func (g *groups) key(c *classes, class int32) (key uint64) {
	for i := range g.scales {
		s := &g.scales[i]
		key = key*uint64(len(s.labels)) + uint64(s.place[c.of[s.dimension][class]]-s.first)
	}
	return key
}

// number returns the number of the group with a key.
func (g *groups) number(key uint64) int {
	if g.dense != nil {
		no := &g.dense[key]
		if *no == 0 {
			g.keys = append(g.keys, key)
			*no = int32(len(g.keys))
		}
		return int(*no) - 1
	}
	no, ok := g.sparse[key]
	if !ok {
		no = int32(len(g.keys))
		g.sparse[key] = no
		g.keys = append(g.keys, key)
	}
	return int(no)
}

// sorted returns the numbers of the groups in the order of their labels.
func (g *groups) sorted() []int32 {
	order := make([]int32, 0, len(g.keys))
	if len(g.keys) > len(g.dense)/32 && g.dense != nil { // looking through all keys is faster than sorting
		for _, no := range g.dense {
			if no != 0 {
				order = append(order, no-1)
			}
		}
		return order
	}
	for no := range g.keys {
		order = append(order, int32(no))
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(g.keys[a], g.keys[b]) })
	return order
}

// label returns the label of a group on one of the axes.
func (g *groups) label(no int32, axis int) *string {
	key := g.keys[no]
	for _, s := range g.scales[axis+1:] {
		key /= uint64(len(s.labels))
	}
	s := &g.scales[axis]
	return &s.labels[key%uint64(len(s.labels))]
}
