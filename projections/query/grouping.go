package query

import (
	"slices"
	"strings"

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
	labels []string // sorted
	place  []int32  // of each value among the labels, by code
	codes  []int32  // of each cell
}

func (a axis) scale(c *cells) scale {
	values := c.values[a.dimension]
	s := scale{place: make([]int32, len(values)), codes: c.of[a.dimension][:c.n]}
	places := make(map[string]int32, 64)
	for _, v := range values {
		if k := a.key(v); places[k] == 0 {
			places[k] = 1
			s.labels = append(s.labels, k)
		}
	}
	// Keys sort as labels do: a key that is cut short is followed by zeros.
	slices.Sort(s.labels)
	for i, k := range s.labels {
		places[k] = int32(i)
		s.labels[i] = a.label(k)
	}
	for code, v := range values {
		s.place[code] = places[a.key(v)]
	}
	return s
}

// A grouping puts cells together that have the same labels. Groups are numbered
// in the order of their labels.
type grouping struct {
	of     []int32 // group of each cell, by number − 1; n of cells left out
	n      int     // of groups
	first  []int32 // a cell of each group; −1 is none
	scales []scale
}

// group puts the cells under a division prefix together by axes. No axes make
// one group, of whatever there is.
func (c *cells) group(prefix string, axes []axis) *grouping {
	g := &grouping{of: make([]int32, c.n), n: 1, first: []int32{-1}}
	if prefix != "" {
		within := make([]bool, len(c.values[byDivision]))
		for code, v := range c.values[byDivision] {
			within[code] = strings.HasPrefix(v, prefix)
		}
		for i, code := range c.of[byDivision][:c.n] {
			if !within[code] {
				g.of[i] = -1
			}
		}
	}
	for _, a := range axes {
		g.split(a.scale(c))
	}
	for i, n := range g.of {
		if n < 0 {
			g.of[i] = int32(g.n)
		}
	}
	return g
}

// sparse is how many times more keys than cells a table is made for.
const sparse = 16

// split tells the cells of each group apart by one more scale.
func (g *grouping) split(s scale) {
	size := uint64(len(s.labels))
	key := func(i int) uint64 { return uint64(g.of[i])*size + uint64(s.place[s.codes[i]]) }
	var number func(key uint64) int32
	if span := uint64(g.n) * size; span <= sparse*uint64(len(g.of)) {
		number = g.table(span, key)
	} else {
		number = g.index(key)
	}
	g.first = make([]int32, g.n)
	for i, of := range g.of {
		if of >= 0 {
			n := number(key(i))
			g.of[i], g.first[n] = n, int32(i)
		}
	}
	g.scales = append(g.scales, s)
}

// table numbers the keys that there are, and sets n.
func (g *grouping) table(span uint64, key func(int) uint64) func(uint64) int32 {
	numbers := make([]int32, span)
	for i, of := range g.of {
		if of >= 0 {
			numbers[key(i)] = 1
		}
	}
	g.n = 0
	for k, there := range numbers {
		if there != 0 {
			numbers[k] = int32(g.n)
			g.n++
		}
	}
	return func(key uint64) int32 { return numbers[key] }
}

// index does what table does where most keys are not there.
func (g *grouping) index(key func(int) uint64) func(uint64) int32 {
	numbers := map[uint64]int32{}
	var keys []uint64
	for i, of := range g.of {
		if of < 0 {
			continue
		}
		k := key(i)
		if _, ok := numbers[k]; !ok {
			numbers[k] = 0
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for n, k := range keys {
		numbers[k] = int32(n)
	}
	g.n = len(keys)
	return func(key uint64) int32 { return numbers[key] }
}

// label returns the label of a group on one of the axes it was made by.
func (g *grouping) label(n, axis int) *string {
	s := &g.scales[axis]
	return &s.labels[s.place[s.codes[g.first[n]]]]
}
