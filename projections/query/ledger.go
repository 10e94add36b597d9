package query

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"github.com/muster-works/muster/events/civil"
)

// An entry is one row of a view: n more in a class from a date on, known since
// the commit ord.
type entry struct {
	ord   uint32
	class int32
	date  civil.Date
	n     int32
}

// A ledger says what entries add up to in each class, up to any date and any
// ordinal, without going through them all.
//
// The bulk of the entries lies in blocks of log order, each sorted by date, with
// two rows of balances: of the blocks before each block, and of all blocks up to
// each of some dates. What is asked for is a corner of the plane of ordinals and
// dates. A balance is the strip of the plane next to it, and differs from the
// corner by the entries between the two: at most a block at each edge, and those
// of the strip that lie beyond the corner. These are the entries recorded late
// (of dates before as_of, after known_at), or early, whichever are fewer. Entries
// are mostly recorded some days from their date, so both are few; at worst, where
// all dates were recorded at one time, they are half of those recorded then.
//
// A balance is struck every so many entries as it has numbers, so balances take
// no more room than a third of the entries. Behind the blocks comes a tail in
// log order, of up to one in tailShare of the entries.
//
// A ledger is a value: a copy stays what it is while the original is added to.
type ledger struct {
	classes classes
	blocks  []block
	before  [][]int32    // balance of the blocks before each block, and of all, by class
	dates   []civil.Date // ascending
	upTo    [][]int32    // balance of all blocks up to each date, by class
	struck  int          // entries in the blocks
	tail    []entry
}

const tailShare = 16

// A block holds entries that follow each other in the log.
type block struct {
	first, last uint32  // ordinals
	entries     []entry // by date
}

// before returns how many entries of the block are of dates before one.
func (b *block) before(date civil.Date) int {
	return sort.Search(len(b.entries), func(i int) bool { return b.entries[i].date >= date })
}

// sums returns the sum of each class: of the entries known at an ordinal, of
// dates up to asOf. It uses room where that is large enough.
func (l *ledger) sums(known uint64, asOf civil.Date, room []int32) []int32 {
	sums := slices.Grow(room[:0], l.classes.n)[:l.classes.n]
	clear(sums)
	// The blocks before whole are known as a whole.
	whole := sort.Search(len(l.blocks), func(i int) bool { return uint64(l.blocks[i].last) > known })
	struck := sort.Search(len(l.dates), func(i int) bool { return l.dates[i] > asOf }) - 1
	since := civil.Date(0)
	if struck >= 0 {
		since = l.dates[struck] + 1
	}
	byDate, byOrd := 0, 0 // entries between the corner and a balance
	for i := range l.blocks {
		b := &l.blocks[i]
		switch n := b.before(asOf + 1); {
		case i < whole:
			byDate += n - b.before(since)
			byOrd += len(b.entries) - n
		default:
			byDate += b.before(since)
		}
	}
	if byDate <= byOrd {
		if struck >= 0 {
			copy(sums, l.upTo[struck])
		}
		for i := range l.blocks {
			b := &l.blocks[i]
			if known := i < whole; known {
				add(sums, b.entries[b.before(since):b.before(asOf+1)], 1)
			} else {
				add(sums, b.entries[:b.before(since)], -1)
			}
		}
	} else {
		copy(sums, l.before[whole])
		for i := range l.blocks[:whole] {
			b := &l.blocks[i]
			add(sums, b.entries[b.before(asOf+1):], -1)
		}
	}
	l.rest(whole, known, 0, asOf, func(e *entry) { sums[e.class] += e.n })
	return sums
}

func add(sums []int32, entries []entry, sign int32) {
	for i := range entries {
		e := &entries[i]
		sums[e.class] += sign * e.n
	}
}

// rest yields the entries known at an ordinal, of dates from first to last,
// behind the blocks that are known as a whole.
func (l *ledger) rest(whole int, known uint64, first, last civil.Date, yield func(*entry)) {
	if whole < len(l.blocks) {
		b := &l.blocks[whole]
		part := b.entries[b.before(first):b.before(last+1)]
		for i := range part {
			if uint64(part[i].ord) <= known {
				yield(&part[i])
			}
		}
		return // the tail is later
	}
	for i := range l.tail {
		e := &l.tail[i]
		if uint64(e.ord) > known {
			return
		}
		if first <= e.date && e.date <= last {
			yield(e)
		}
	}
}

// between yields the entries known at an ordinal, of dates from first to last.
func (l *ledger) between(known uint64, first, last civil.Date, yield func(*entry)) {
	whole := sort.Search(len(l.blocks), func(i int) bool { return uint64(l.blocks[i].last) > known })
	for i := range l.blocks[:whole] {
		b := &l.blocks[i]
		part := b.entries[b.before(first):b.before(last+1)]
		for i := range part {
			yield(&part[i])
		}
	}
	l.rest(whole, known, first, last, yield)
}

// strike puts the tail into blocks and strikes new balances, where the tail has
// grown long: at least least entries.
func (l *ledger) strike(least int) {
	if len(l.tail) < max(least, l.struck/tailShare) {
		return
	}
	span := max(least, l.classes.n)
	l.blocks = slices.Clip(l.blocks) // others hold them, too
	for part := range slices.Chunk(l.tail, span) {
		b := block{part[0].ord, part[len(part)-1].ord, slices.Clone(part)}
		slices.SortFunc(b.entries, func(a, b entry) int { return cmp.Compare(a.date, b.date) })
		l.blocks = append(l.blocks, b)
	}
	l.struck += len(l.tail)
	l.tail = nil
	l.strikeBefore()
	l.strikeDates(span)
}

func (l *ledger) strikeBefore() {
	sums := make([]int32, l.classes.n)
	l.before = [][]int32{slices.Clone(sums)}
	for i := range l.blocks {
		add(sums, l.blocks[i].entries, 1)
		l.before = append(l.before, slices.Clone(sums))
	}
}

// strikeDates strikes a balance every span entries or more, in the order of
// dates.
func (l *ledger) strikeDates(span int) {
	days := map[civil.Date]int{}
	for _, b := range l.blocks {
		for rest := b.entries; len(rest) > 0; {
			date := rest[0].date
			n := sort.Search(len(rest), func(i int) bool { return rest[i].date > date })
			days[date] += n
			rest = rest[n:]
		}
	}
	l.dates = nil
	n := 0
	for _, date := range slices.Sorted(maps.Keys(days)) {
		if n += days[date]; n >= span {
			l.dates = append(l.dates, date)
			n = 0
		}
	}
	l.upTo = make([][]int32, len(l.dates))
	from := civil.Date(0)
	sums := make([]int32, l.classes.n)
	for i, date := range l.dates {
		for j := range l.blocks {
			b := &l.blocks[j]
			add(sums, b.entries[b.before(from):b.before(date+1)], 1)
		}
		l.upTo[i] = slices.Clone(sums)
		from = date + 1
	}
}
