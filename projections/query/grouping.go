package query

import (
	"math"
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

// scale makes the scale of an axis. Divisions that are not within are left out.
func (a axis) scale(c *cells, within func(code int) bool) scale {
	values := c.values[a.dimension]
	s := scale{place: make([]int32, len(values)), codes: c.of[a.dimension][:c.n]}
	places := make(map[string]int32, 64)
	for code, v := range values {
		if a.dimension == byDivision && !within(code) {
			continue
		}
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
// in the order of their labels; some may be empty.
type grouping struct {
	of     []int32 // group of each cell, by number − 1; n of cells left out
	n      int     // of groups
	first  []int32 // a cell of each group; −1 where it is empty
	scales []scale
}

// group puts the cells under a division prefix together by axes. No axes make
// one group, of whatever there is.
func (c *cells) group(prefix string, axes []axis) *grouping {
	g := &grouping{of: make([]int32, c.n), n: 1}
	within := func(code int) bool { return strings.HasPrefix(c.values[byDivision][code], prefix) }
	if prefix != "" {
		out := make([]int32, len(c.values[byDivision]))
		for code := range out {
			if !within(code) {
				out[code] = -1
			}
		}
		for i, code := range c.of[byDivision][:c.n] {
			g.of[i] = out[code]
		}
	}
	for _, a := range axes {
		g.split(a.scale(c, within))
	}
	g.first = make([]int32, g.n+1)
	for n := range g.first {
		g.first[n] = -1
	}
	for i, n := range g.of {
		if n < 0 {
			n = int32(g.n)
			g.of[i] = n
		}
		g.first[n] = int32(i)
	}
	return g
}

const (
	// few is up to how many groups empty ones are let be: finding them takes
	// longer than summing over them.
	few = 1 << 16
	// sparse is how many times more keys than cells a table is made for.
	sparse = 16
)

// split tells the cells of each group apart by one more scale.
func (g *grouping) split(s scale) {
	g.scales = append(g.scales, s)
	size := int64(len(s.labels))
	switch span := int64(g.n) * size; {
	case span > sparse*int64(len(g.of)) || span > math.MaxInt32:
		g.index(s, size)
	default:
		for i, code := range s.codes {
			if of := g.of[i]; of >= 0 {
				g.of[i] = of*int32(size) + s.place[code]
			}
		}
		if g.n = int(span); g.n > few {
			g.compact()
		}
	}
}

// compact leaves the empty groups out.
func (g *grouping) compact() {
	numbers := make([]int32, g.n)
	for _, of := range g.of {
		if of >= 0 {
			numbers[of] = 1
		}
	}
	g.n = 0
	for k, there := range numbers {
		if there != 0 {
			numbers[k] = int32(g.n)
			g.n++
		}
	}
	for i, of := range g.of {
		if of >= 0 {
			g.of[i] = numbers[of]
		}
	}
}

// index splits where most groups would be empty.
func (g *grouping) index(s scale, size int64) {
	numbers := map[int64]int32{}
	var keys []int64
	for i, of := range g.of {
		if of < 0 {
			continue
		}
		k := int64(of)*size + int64(s.place[s.codes[i]])
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
	for i, of := range g.of {
		if of >= 0 {
			g.of[i] = numbers[int64(of)*size+int64(s.place[s.codes[i]])]
		}
	}
}

// label returns the label of a group, which is not empty, on one of the axes it
// was made by.
func (g *grouping) label(n, axis int) *string {
	s := &g.scales[axis]
	return &s.labels[s.place[s.codes[g.first[n]]]]
}
