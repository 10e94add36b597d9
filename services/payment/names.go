package payment

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// names finds the lines of a run by their ids. Lines are numbered by the order
// in which they were named, from 0.
//
// Ids are mostly numbers that go up, with or without something before them:
// 1 2 3, 000001, R12-0007. Those are kept as series, exactly, and take next to
// nothing. When they turn out to be something else the names are scattered:
// each id is 64 bits of its SHA-256, in which two of a run of a million lines
// agree with a chance of one in forty million, and takes 8 bytes and 5 to 8 in
// an index.
type lineNames struct {
	n      uint32
	series []series // by their numbers, while the names are in series
	ids    []uint64 // by line, when they are scattered
	index  []uint32 // of those, open addressing: the line's number + 1, 0 is free
}

// A series is ids that follow each other, of lines that do.
type series struct {
	numericID
	n    uint32 // how many
	line uint32 // the first
}

// A number is an id, as what is before its digits and their value. width is
// how many digits there are, where zeros fill them up to it.
type numericID struct {
	prefix string
	width  int
	value  uint64
}

// numberOf takes an id apart; ok is false where it ends in no digits, or in
// more than 18.
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

// after is the number i further on.
func (n numericID) after(i uint32) numericID { n.value += uint64(i); return n }

func (n numericID) compare(m numericID) int {
	return cmp.Or(strings.Compare(n.prefix, m.prefix), cmp.Compare(n.width, m.width), cmp.Compare(n.value, m.value))
}

// scattered says whether the names are in no series any more.
func (s *lineNames) scattered() bool { return s.ids != nil }

// serial returns the place in s.series of the last that begins at a number or
// before it, -1 when there is none, and the line that the number has in it.
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

// head returns the first line with an id. The others with it are found by more.
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

// first returns the first line with the id of a line.
func (s *lineNames) first(line uint32) uint32 {
	if s.scattered() {
		line, _ = s.probe(s.ids[line], 0)
	}
	return line
}

// more returns the next line with the id of a line.
func (s *lineNames) more(line uint32) (next uint32, ok bool) {
	if s.scattered() {
		return s.probe(s.ids[line], line+1)
	}
	return 0, false
}

// add names the next line and returns its number.
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

// follow takes the next line into a series, or begins one. It says no to an id
// that is none of numbers, that is there already, or that would make more
// series than a run of that size should have.
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

// scatter gives up the series.
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

// cut takes back the last add. A scattered name was entered last, so that none
// was probed past the place that becomes free.
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

func hashed(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.LittleEndian.Uint64(sum[:])
}

// probe returns the first line from a number on whose id has a hash. A probe
// meets those of one hash in their order.
func (s *lineNames) probe(id uint64, from uint32) (line uint32, ok bool) {
	for at := s.slot(id); s.index[at] != 0; at = s.next(at) {
		if n := s.index[at] - 1; n >= from && s.ids[n] == id {
			return n, true
		}
	}
	return 0, false
}

// slot is where a probe for a hash begins.
func (s *lineNames) slot(id uint64) int { return int(uint64(uint32(id)) * uint64(len(s.index)) >> 32) }

func (s *lineNames) next(at int) int {
	if at++; at == len(s.index) {
		return 0
	}
	return at
}

// indexLast enters the last line. It makes the index anew when it is four
// fifths full.
func (s *lineNames) indexLast() {
	if 5*len(s.ids) > 4*len(s.index) {
		s.reindex()
		return
	}
	s.enter(s.n - 1)
}

func (s *lineNames) reindex() {
	s.index = make([]uint32, 8+len(s.ids)*7/4)
	for n := range s.ids {
		s.enter(uint32(n))
	}
}

func (s *lineNames) enter(n uint32) {
	at := s.slot(s.ids[n])
	for s.index[at] != 0 {
		at = s.next(at)
	}
	s.index[at] = n + 1
}
