package cube

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/muster-works/muster/projections/view"
)

// A scale is an axis with its labels in their order.
type scale struct {
	By
	labels []string // sorted
	place  []int32  // by code of a value: the place of its label
	first  int32    // place of labels[0]
}

// A scaleCache keeps the scale made last for each axis, since sorting the labels of all
// divisions takes longer than most answers. It is safe for concurrent use.
type scaleCache struct {
	mu   sync.Mutex
	made map[By]scale
}

// of returns the scale of an axis for all values of the cells.
func (s *scaleCache) of(b By, c *cells) scale {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.made[b]
	if len(made.place) < len(c.values[b.Axis]) {
		made = newScale(b, c.values[b.Axis])
		if s.made == nil {
			s.made = map[By]scale{}
		}
		s.made[b] = made
	}
	return made
}

func newScale(b By, values []string) scale {
	s := scale{By: b, place: make([]int32, len(values))}
	places := make(map[string]int32, 64)
	for _, v := range values {
		places[b.key(v)] = 0
	}
	// Keys sort as labels do: a key that is cut short is followed by zeros.
	for i, k := range slices.Sorted(maps.Keys(places)) {
		places[k] = int32(i)
		s.labels = append(s.labels, b.label(k))
	}
	for code, v := range values {
		s.place[code] = places[b.key(v)]
	}
	return s
}

// under leaves out the labels of divisions that do not lie under a prefix.
func (s scale) under(prefix string) scale {
	if s.Axis == view.Division {
		prefix = prefix[:min(len(prefix), digits[s.Level])]
		from := sort.SearchStrings(s.labels, prefix)
		n := sort.Search(len(s.labels)-from, func(i int) bool { return !strings.HasPrefix(s.labels[from+i], prefix) })
		s.labels, s.first = s.labels[from:from+n], int32(from)
	}
	return s
}
