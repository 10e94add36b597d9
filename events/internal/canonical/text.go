package canonical

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// String reads a string that holds no escapes. The result shares memory with
// the text.
func (c *Cursor) String() string {
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

// A CachedMember remembers a member whose value is a string: the bytes of the
// comma before it, of its name and of its value, as they stood in an earlier
// text. Members that are longer than its memory are not remembered.
//
// Most attributes of an event have the value that they had in the event before.
// Comparing all their bytes at once is faster than reading name and value.
//
// The zero CachedMember remembers nothing and is ready.
type CachedMember struct {
	len     int // of what is remembered
	value   int // offset of the first character of the value
	written [112]byte
}

// CachedString reads a member whose value is a string without escapes, if the
// member stands next, and returns the value. It is [Cursor.Name] followed by
// [Cursor.String]. A nil cache is allowed and remembers nothing.
func (c *Cursor) CachedString(name string, cache *CachedMember) string {
	if cache == nil {
		if c.Name(name) {
			return c.String()
		}
		return ""
	}
	from := c.at
	if end := from + cache.len; cache.len > 0 && end <= len(c.b) && string(c.b[from:end]) == string(cache.written[:cache.len]) {
		c.at = end
		value := c.b[from+cache.value : end-1]
		return unsafe.String(unsafe.SliceData(value), len(value))
	}
	if !c.Name(name) {
		return ""
	}
	value := c.at + 1 - from
	s := c.String()
	if c.ok && c.at-from <= len(cache.written) {
		cache.len, cache.value = copy(cache.written[:], c.b[from:c.at]), value
	}
	return s
}

// isPlain reports whether s is ASCII and stands in JSON without escapes.
func isPlain(s string) bool {
	for len(s) >= 8 {
		v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		if special(v) != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

const (
	ones  = 0x0101010101010101 // a one in each byte of a word
	highs = 0x8080808080808080 // the high bit of each byte
)

// special looks at eight bytes of a string at once. It sets the high bit of
// each byte that ends a run of plain characters: a quote, a backslash, a control
// character, or a byte that is not ASCII. Only the lowest bit that is set is
// reliable, because a subtraction may borrow from the bytes above it. The result
// is zero if and only if all eight bytes are plain.
//
// When bit 1 of every byte is inverted, a quote and the control characters are
// exactly the values below 0x21, and the subtraction of 0x21 sets their high
// bit. A byte that is not ASCII keeps its high bit in one of the differences.
func special(v uint64) uint64 {
	return ((v ^ ones*2 - ones*0x21) | (v ^ ones*'\\' - ones)) & highs
}
