package timeline

import (
	"strings"

	"github.com/muster-works/muster/events/civil"
)

// Letters lists the marks of a day from the weakest to the strongest. When two
// sheets report the same day, the stronger mark counts.
const Letters = "-.ALSHP"

// Marks holds the marks of one person for one month: one letter of Letters per
// day, starting with day 1. Days that were not reported and days that the month
// does not have are '-'.
type Marks [31]byte

// A Calendar is a month with its first day, its length and its usual marks,
// which are computed once per sheet and not once per line. A Calendar is not
// safe for concurrent use.
type Calendar struct {
	Month civil.Month
	first civil.Date
	days  int
	usual usual
}

// CalendarOf returns the calendar of a month.
func CalendarOf(m civil.Month) *Calendar {
	return &Calendar{Month: m, first: m.First(), days: m.Days()}
}

// The usual marks of a month are present ('P') on working days and rest ('.')
// on rest days.
type usual struct {
	rest  byte // one bit per weekday, from Monday; set for rest days
	marks [32]byte
	known bool
}

// usually returns the usual marks of the month for the given rest days, and
// caches them.
func (c *Calendar) usually(rest byte) *[32]byte {
	if u := &c.usual; !u.known || u.rest != rest {
		*u = usual{rest: rest, known: true}
		for i := range c.days {
			u.marks[i] = 'P'
			if rest>>(uint(int(c.first-1)+i)%7)&1 != 0 { // 0001-01-01 was a Monday
				u.marks[i] = '.'
			}
		}
	}
	return &c.usual.marks
}

// String returns the marks as text, one letter per day.
func (m Marks) String() string { return string(m[:]) }

// Count returns the number of days whose mark is one of the letters.
func (m Marks) Count(letters string) (n int) {
	for _, c := range m {
		if strings.IndexByte(letters, c) >= 0 {
			n++
		}
	}
	return n
}

// unreported holds the marks of a month in which no day was reported.
var unreported = Marks([]byte(strings.Repeat("-", 31)))

// merge sets each day of m to the stronger of the marks in m and o.
func (m *Marks) merge(o Marks) {
	for i, c := range o {
		if ranks[c] > ranks[m[i]] {
			m[i] = c
		}
	}
}

// ranks maps each letter to its index in Letters. Any other byte has the lowest
// rank, 0.
var ranks = func() (r [256]byte) {
	for i := range len(Letters) {
		r[Letters[i]] = byte(i)
	}
	return r
}()

const (
	raw        = 0x80 // flag in the first byte: the marks follow, three bits per day
	exceptions = 9    // with more exceptions than this, the raw form is about as short
)

// appendMarks packs the marks of a month. Most months have the usual marks, so
// the packed form holds the weekdays that are rest days and, as exceptions, the
// days whose mark is not the usual one.
func appendMarks(b []byte, c *Calendar, marks string) []byte {
	if u := &c.usual; u.known && marks == string(u.marks[:c.days]) { // the common case
		return append(b, u.rest, 0)
	}
	n := min(len(marks), c.days)
	weekday := uint(c.first-1) % 7
	var rest byte
	for i := range min(n, 7) {
		// One full week determines the rest days. The second week is used when
		// it was reported, since the first days of a month are often not
		// reported.
		if j := i + 7; j < n && marks[j] == '.' || j >= n && marks[i] == '.' {
			rest |= 1 << ((weekday + uint(i)) % 7)
		}
	}
	want := c.usually(rest)
	start := len(b)
	b = append(b, rest, 0)
	odd := 0
	for i := range c.days {
		got := byte(0)
		if i < n {
			if marks[i] == want[i] {
				continue
			}
			got = ranks[marks[i]]
		}
		if odd++; odd > exceptions {
			return appendRaw(b[:start], marks[:n])
		}
		b = append(b, byte(i)<<3|got)
	}
	b[start+1] = byte(odd)
	return b
}

func appendRaw(b []byte, marks string) []byte {
	b = append(b, raw|byte(len(marks)))
	var bits, have uint
	for i := range len(marks) {
		bits |= uint(ranks[marks[i]]) << have
		if have += 3; have >= 8 {
			b = append(b, byte(bits))
			bits >>= 8
			have -= 8
		}
	}
	if have > 0 {
		b = append(b, byte(bits))
	}
	return b
}

func (r *reader) marks(c *Calendar) Marks {
	m := unreported
	head := r.byte()
	if head&raw != 0 {
		n := int(head & 31)
		packed := r.bytes((n*3 + 7) / 8)
		if r.bad {
			return m
		}
		for i := range n {
			at := i * 3
			v := uint(packed[at/8]) >> (at % 8)
			if at%8 > 5 {
				v |= uint(packed[at/8+1]) << (8 - at%8)
			}
			m[i] = r.letter(byte(v & 7))
		}
		return m
	}
	odd := r.bytes(int(r.byte()))
	copy(m[:c.days], c.usually(head)[:])
	for _, o := range odd {
		if i := o >> 3; int(i) < c.days {
			m[i] = r.letter(o & 7)
		} else {
			r.bad = true
		}
	}
	return m
}

func (r *reader) letter(rank byte) byte {
	if int(rank) >= len(Letters) {
		r.bad = true
		return '-'
	}
	return Letters[rank]
}
