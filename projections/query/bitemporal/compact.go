package bitemporal

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"github.com/muster-works/muster/events/civil"
)

// Compact moves the tail into blocks and computes the prefix sums again, if the tail
// has at least minimum changes and at least one in tailShare of those in blocks.
// Else it does nothing.
func (s *Sums) Compact(minimum int) {
	if len(s.tail) < max(minimum, s.inBlocks/tailShare) {
		return
	}
	size := max(minimum, s.classes)
	s.blocks = slices.Clip(s.blocks) // copies of s hold them, too
	for part := range slices.Chunk(s.tail, size) {
		b := block{part[0].Ord, part[len(part)-1].Ord, slices.Clone(part)}
		slices.SortFunc(b.changes, func(a, b Change) int { return cmp.Compare(a.Date, b.Date) })
		s.blocks = append(s.blocks, b)
	}
	s.inBlocks += len(s.tail)
	s.tail = nil
	s.sumByBlock()
	s.dates = s.datesEvery(size)
	s.sumByDate()
}

func (s *Sums) sumByBlock() {
	sums := make([]int32, s.classes)
	s.byBlock = [][]int32{slices.Clone(sums)}
	for i := range s.blocks {
		add(sums, s.blocks[i].changes, 1)
		s.byBlock = append(s.byBlock, slices.Clone(sums))
	}
}

// datesEvery returns the dates of the prefix sums by date: at least size changes lie
// between one and the next.
func (s *Sums) datesEvery(size int) (dates []civil.Date) {
	changes := map[civil.Date]int{}
	for i := range s.blocks {
		s.blocks[i].countDates(changes)
	}
	n := 0
	for _, date := range slices.Sorted(maps.Keys(changes)) {
		if n += changes[date]; n >= size {
			dates = append(dates, date)
			n = 0
		}
	}
	return dates
}

// countDates adds the number of changes of each date.
func (b *block) countDates(changes map[civil.Date]int) {
	for rest := b.changes; len(rest) > 0; {
		date := rest[0].Date
		n := sort.Search(len(rest), func(i int) bool { return rest[i].Date > date })
		changes[date] += n
		rest = rest[n:]
	}
}

func (s *Sums) sumByDate() {
	s.byDate = make([][]int32, len(s.dates))
	since := civil.Date(0)
	sums := make([]int32, s.classes)
	for i, date := range s.dates {
		for j := range s.blocks {
			b := &s.blocks[j]
			add(sums, b.changes[b.before(since):b.before(date+1)], 1)
		}
		s.byDate[i] = slices.Clone(sums)
		since = date + 1
	}
}
