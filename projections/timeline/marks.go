package timeline

import (
	"strings"

	"github.com/muster-works/muster/events/civil"
)

// Letters are the marks of a day from the weakest to the strongest. Where two
// sheets speak of one day, the stronger mark counts.
const Letters = "-.ALSHP"

// Marks are one person's marks of a month, a letter of Letters a day from day
// 1; days not reported, and those that the month does not have, are '-'.
type Marks [31]byte

// A Calendar is a month with its first day and length, so that they are worked
// out once a sheet. It is not safe for concurrent use.
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

// Marks that are usual are present on working days and rest on the others.
type usual struct {
	rest  byte // the days of the week that are rest days, a bit each from Monday
	marks [32]byte
	known bool
}

// usually returns the usual marks of the month.
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

// String returns one letter a day.
func (m Marks) String() string { return string(m[:]) }

// Count returns how many days have one of the letters.
func (m Marks) Count(letters string) (n int) {
	for _, c := range m {
		if strings.IndexByte(letters, c) >= 0 {
			n++
		}
	}
	return n
}

// unreported are the marks of a month of which nothing is known.
var unreported = Marks([]byte(strings.Repeat("-", 31)))

// merge keeps the stronger mark of each day.
func (m *Marks) merge(o Marks) {
	for i, c := range o {
		if ranks[c] > ranks[m[i]] {
			m[i] = c
		}
	}
}

// ranks are the places of the letters in Letters; what is none ranks lowest.
var ranks = func() (r [256]byte) {
	for i := range len(Letters) {
		r[Letters[i]] = byte(i)
	}
	return r
}()

const (
	raw        = 0x80 // the days follow in three bits each
	exceptions = 9    // above that, raw is as short
)

// appendMarks packs the marks of a month. Most months are as usual, so what is
// packed is the days of the week that are rest days and the days that are
// otherwise.
func appendMarks(b []byte, c *Calendar, marks string) []byte {
	if u := &c.usual; u.known && marks == string(u.marks[:c.days]) { // as most are
		return append(b, u.rest, 0)
	}
	n := min(len(marks), c.days)
	weekday := uint(c.first-1) % 7
	var rest byte
	for i := range min(n, 7) {
		// One full week decides: the second where there is one, since months
		// often begin with a part that was not reported.
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
