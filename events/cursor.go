package events

import (
	"encoding/binary"
	"math/bits"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/muster-works/muster/events/civil"
)

// A cursor walks through JSON that is expected to have one certain form. What
// it expects is given as text, so it knows next to nothing of JSON: as soon as
// anything else stands there, it fails for good, and whoever uses it reads the
// whole again by the library.
//
// The bytes must not change as long as a string that it returned is in use.
type cursor struct {
	b  []byte
	at int
	ok bool
}

// expect takes a literal.
func (c *cursor) expect(literal string) {
	if !c.take(literal) {
		c.ok = false
	}
}

// take takes a literal, and says whether it stood there.
func (c *cursor) take(literal string) bool {
	end := c.at + len(literal)
	if end > len(c.b) || string(c.b[c.at:end]) != literal {
		return false
	}
	c.at = end
	return true
}

// name takes the name of a member, given with quotes and colon, and the comma
// before it where the member is not the first of its object.
func (c *cursor) name(quoted string) bool {
	i := c.at
	if !c.ok || i >= len(c.b) {
		return false
	}
	if c.b[i-1] != '{' {
		if c.b[i] != ',' {
			return false
		}
		i++
	}
	end := i + len(quoted)
	if end > len(c.b) || string(c.b[i:end]) != quoted {
		return false
	}
	c.at = end
	return true
}

// A member is one that was met, as it was written: the comma before it, its name and
// its value, a text that begins at an offset. Longer ones are not kept; a log's are
// shorter.
type member struct {
	len, value int
	written    [112]byte
}

// again takes a member whose value is a string without escapes, where it stands
// next, as name and text do. Where it is what it was before, that is seen at once;
// a nil last remembers nothing.
func (c *cursor) again(quoted string, last *member) string {
	if last == nil {
		if c.name(quoted) {
			return c.text()
		}
		return ""
	}
	from := c.at
	if end := from + last.len; last.len > 0 && end <= len(c.b) && string(c.b[from:end]) == string(last.written[:last.len]) {
		c.at = end
		value := c.b[from+last.value : end-1]
		return unsafe.String(unsafe.SliceData(value), len(value))
	}
	if !c.name(quoted) {
		return ""
	}
	value := c.at + 1 - from
	s := c.text()
	if c.ok && c.at-from <= len(last.written) {
		last.len, last.value = copy(last.written[:], c.b[from:c.at]), value
	}
	return s
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of eight that end a plain run of a string, and the
// high bit of the lowest of them is right: a quote, a backslash, a control
// character, anything that is not ASCII. With their second bit turned, quotes and
// control characters are those below one bound; what is not ASCII keeps its high
// bit in at least one of the differences.
func special(v uint64) uint64 {
	return ((v ^ ones*2 - ones*0x21) | (v ^ ones*'\\' - ones)) & highs
}

// text takes a string without escapes.
func (c *cursor) text() string {
	b, i := c.b, c.at
	if i >= len(b) || b[i] != '"' {
		c.ok = false
		return ""
	}
	i++
	start, ascii := i, true
	for {
		if i+8 <= len(b) {
			s := special(binary.LittleEndian.Uint64(b[i:]))
			if s == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(s) / 8
		}
		if i >= len(b) || b[i] == '\\' || b[i] < ' ' {
			c.ok = false
			return ""
		}
		if b[i] == '"' {
			break
		}
		ascii = ascii && b[i] < utf8.RuneSelf
		i++
	}
	c.at = i + 1
	if !ascii && !utf8.Valid(b[start:i]) {
		c.ok = false
	}
	return unsafe.String(unsafe.SliceData(b[start:]), i-start)
}

// integer takes a whole number, as the canonical form writes it.
func (c *cursor) integer() int64 {
	b, i := c.b, c.at
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	start := i
	var n int64
	for i < len(b) && b[i]-'0' <= 9 {
		n = 10*n + int64(b[i]-'0')
		i++
	}
	digits := i - start
	// Of 18 digits none overflows; a zero in front is no JSON, and -0 none that
	// is written; a fraction or an exponent fails at the next literal.
	if digits == 0 || digits > 18 || b[start] == '0' && (digits > 1 || negative) {
		c.ok = false
	}
	c.at = i
	if negative {
		return -n
	}
	return n
}

// person takes a UUID in its usual form.
func (c *cursor) person() (id Person) {
	if c.at+38 > len(c.b) {
		c.ok = false
		return id
	}
	s := (*[38]byte)(c.b[c.at:])
	if s[0] != '"' || s[9] != '-' || s[14] != '-' || s[19] != '-' || s[24] != '-' || s[37] != '"' {
		c.ok = false
		return id
	}
	half := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(s[at:])) }
	n1, bad1 := unhex(half(1) | half(5)<<32)
	n2, bad2 := unhex(half(10) | half(15)<<32)
	n3, bad3 := unhex(half(20) | half(25)<<32)
	n4, bad4 := unhex(half(29) | half(33)<<32)
	if bad1|bad2|bad3|bad4 != 0 {
		c.ok = false
	}
	binary.LittleEndian.PutUint64(id[:], uint64(n1)|uint64(n2)<<32)
	binary.LittleEndian.PutUint64(id[8:], uint64(n3)|uint64(n4)<<32)
	c.at += 38
	return id
}

// unhex reads eight hexadecimal digits, the first one in the lowest byte, as four
// bytes, the first one lowest; bad is not 0 where something else stands there. The
// bytes of a word are worked on side by side: each is turned into a number from
// its low bits alone, and that has to be written as the digit that was there.
func unhex(v uint64) (n uint32, bad uint64) {
	lower := v | v>>1&(ones*0x20) // a letter has the bit above the one that is its case
	digits := v&(ones*15) + v>>6&ones*9
	letters := (digits + ones*6) >> 4 & ones
	written := digits + ones*'0' + letters*('a'-'9'-1)
	bad = digits&(ones*0xf0) | (lower ^ written)
	pairs := (digits<<4 | digits>>8) & 0x00ff00ff00ff00ff
	pairs |= pairs >> 8
	return uint32(pairs&0xffff) | uint32(pairs>>16&0xffff0000), bad
}

func (c *cursor) date() civil.Date {
	d, err := civil.ParseDate(c.text())
	if err != nil {
		c.ok = false
	}
	return d
}

func (c *cursor) month() civil.Month {
	m, err := civil.ParseMonth(c.text())
	if err != nil {
		c.ok = false
	}
	return m
}

func (c *cursor) instant() time.Time {
	t, err := time.Parse(time.RFC3339, c.text())
	if err != nil {
		c.ok = false
	}
	return t
}
