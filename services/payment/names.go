package payment

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// lineNames finds the lines of a run by their line ids. Lines are numbered in the order in which
// they were added, from 0.
//
// There are two forms. Most agencies number the lines of a run, with or without a prefix: 1, 2, 3
// or 000001 or R12-0007. Such ids are kept exactly, as series of consecutive numbers, and take
// almost no memory. If the ids of a run turn out to be something else, the names change to the
// scattered form for good. Then each id is kept as 64 bits of its SHA-256, in 8 bytes and 5 to 8
// bytes of a hash table. In a run of a million lines, the probability that any two ids have equal
// hashes is one in forty million.
type lineNames struct {
	n      uint32
	series []series // in the order of their first ids; nil in the scattered form
	ids    []uint64 // hashes of ids by line; nil unless scattered
	index  []uint32 // hash table of ids, open addressing: line + 1, or 0 if the slot is free
}

// A series is consecutive numeric ids of consecutive lines.
type series struct {
	numericID
	n    uint32 // lines
	line uint32 // the first line
}

// A numericID is a line id that ends in digits. width is the number of digits if they begin with
// a zero, and 0 otherwise: "R007" has width 3, "R7" has width 0.
type numericID struct {
	prefix string
	width  int
	value  uint64
}

// parseNumericID parses a line id. ok is false if the id does not end in digits, or ends in more
// than 18, which would not fit 64 bits.
func parseNumericID(id string) (n numericID, ok bool) {
	at := len(id)
	for at > 0 && '0' <= id[at-1] && id[at-1] <= '9' {
		at--
	}
	digits := id[at:]
	if len(digits) == 0 || len(digits) > 18 {
		return numericID{}, false
	}
	n.prefix = id[:at]
	for _, d := range []byte(digits) {
		n.value = 10*n.value + uint64(d-'0')
	}
	if digits[0] == '0' && len(digits) > 1 {
		n.width = len(digits)
	}
	return n, true
}

func (n numericID) String() string { return fmt.Sprintf("%s%0*d", n.prefix, n.width, n.value) }

// after returns the id whose number is greater by i.
func (n numericID) after(i uint32) numericID { n.value += uint64(i); return n }

func (n numericID) compare(m numericID) int {
	return cmp.Or(strings.Compare(n.prefix, m.prefix), cmp.Compare(n.width, m.width), cmp.Compare(n.value, m.value))
}

// scattered reports whether the names are in the scattered form.
func (s *lineNames) scattered() bool { return s.ids != nil }

// findInSeries returns the index of the last series that begins at m or before it, or -1 if
// there is none. If that series holds m, ok is true and line is the line of m.
func (s *lineNames) findInSeries(m numericID) (at int, line uint32, ok bool) {
	at, exact := slices.BinarySearchFunc(s.series, m, func(r series, m numericID) int { return r.numericID.compare(m) })
	if !exact {
		at--
	}
	if at < 0 {
		return at, 0, false
	}
	r := &s.series[at]
	if r.prefix != m.prefix || r.width != m.width || m.value-r.value >= uint64(r.n) {
		return at, 0, false
	}
	return at, r.line + uint32(m.value-r.value), true
}

// head returns the first line with an id. The other lines with the same id are found by more.
func (s *lineNames) head(id string) (line uint32, ok bool) {
	if s.scattered() {
		return s.probe(hashed(id), 0)
	}
	m, ok := parseNumericID(id)
	if ok {
		_, line, ok = s.findInSeries(m)
	}
	return line, ok
}

// first returns the first line with the same id as a line.
func (s *lineNames) first(line uint32) uint32 {
	if s.scattered() {
		line, _ = s.probe(s.ids[line], 0)
	}
	return line
}

// more returns the next line with the same id as a line.
func (s *lineNames) more(line uint32) (next uint32, ok bool) {
	if s.scattered() {
		return s.probe(s.ids[line], line+1)
	}
	return 0, false
}

// add adds a line with an id and returns its number.
func (s *lineNames) add(id string) uint32 {
	n := s.n
	if !s.scattered() && !s.addToSeries(id) {
		s.scatter()
	}
	if s.n++; s.scattered() {
		s.ids = append(s.ids, hashed(id))
		s.indexLast()
	}
	return n
}

// addToSeries adds the next line to a series, or begins a series. It returns false, and adds
// nothing, if the id is not numeric, if a line has it already, or if there would be more
// than 8 series and one more for each 32 lines: beyond that the scattered form takes less
// memory.
func (s *lineNames) addToSeries(id string) bool {
	m, ok := parseNumericID(id)
	if !ok {
		return false
	}
	at, _, taken := s.findInSeries(m)
	if taken {
		return false
	}
	if at >= 0 {
		if r := &s.series[at]; r.prefix == m.prefix && r.width == m.width && r.value+uint64(r.n) == m.value && r.line+r.n == s.n {
			r.n++
			return true
		}
	}
	if len(s.series) > 8+int(s.n/32) {
		return false
	}
	m.prefix = strings.Clone(m.prefix)
	s.series = slices.Insert(s.series, at+1, series{m, 1, s.n})
	return true
}

// scatter changes to the scattered form.
func (s *lineNames) scatter() {
	s.ids = make([]uint64, s.n, s.n+1)
	for _, r := range s.series {
		for i := range r.n {
			s.ids[r.line+i] = hashed(r.after(i).String())
		}
	}
	s.series = nil
	s.reindex()
}

// removeLast undoes the last add, but not a change to the scattered form. In the hash table the
// last line was inserted last, so no other probe runs over its slot, and the slot can be freed.
func (s *lineNames) removeLast() {
	s.n--
	if s.scattered() {
		at := s.slot(s.ids[s.n])
		for s.index[at] != s.n+1 {
			at = s.next(at)
		}
		s.index[at] = 0
		s.ids = s.ids[:s.n]
		return
	}
	at := slices.IndexFunc(s.series, func(r series) bool { return r.line+r.n == s.n+1 })
	if r := &s.series[at]; r.n > 1 {
		r.n--
	} else {
		s.series = slices.Delete(s.series, at, at+1)
	}
}

// hashed returns 64 bits of the SHA-256 of an id.
func hashed(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.LittleEndian.Uint64(sum[:])
}

// probe returns the first line, not before line from, whose id has a hash. Lines with equal
// hashes lie in the table in the order of their numbers.
func (s *lineNames) probe(id uint64, from uint32) (line uint32, ok bool) {
	for at := s.slot(id); s.index[at] != 0; at = s.next(at) {
		if n := s.index[at] - 1; n >= from && s.ids[n] == id {
			return n, true
		}
	}
	return 0, false
}

// slot returns the slot at which a probe for a hash begins.
func (s *lineNames) slot(id uint64) int { return int(uint64(uint32(id)) * uint64(len(s.index)) >> 32) }

// next returns the slot after a slot; the last is followed by the first.
func (s *lineNames) next(at int) int {
	if at++; at == len(s.index) {
		return 0
	}
	return at
}

// indexLast inserts the last line into the hash table. If the table is four fifths full,
// indexLast builds a larger one.
func (s *lineNames) indexLast() {
	if 5*len(s.ids) > 4*len(s.index) {
		s.reindex()
		return
	}
	s.enter(s.n - 1)
}

// reindex builds the hash table anew.
func (s *lineNames) reindex() {
	s.index = make([]uint32, 8+len(s.ids)*7/4)
	for n := range s.ids {
		s.enter(uint32(n))
	}
}

// enter inserts a line into the hash table.
func (s *lineNames) enter(n uint32) {
	at := s.slot(s.ids[n])
	for s.index[at] != 0 {
		at = s.next(at)
	}
	s.index[at] = n + 1
}
