package canonical

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// quotedUUID is the length of a UUID as a JSON string.
const quotedUUID = len(zeroUUID)

const zeroUUID = `"00000000-0000-0000-0000-000000000000"`

// uuidOffsets are the offsets in a quoted UUID at which its bytes begin.
var uuidOffsets = [16]byte{1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35}

// parseUUID reads a quoted UUID and reports whether s is one.
func parseUUID(id *uuid.UUID, s *[quotedUUID]byte) bool {
	if s[0] != '"' || s[9] != '-' || s[14] != '-' || s[19] != '-' || s[24] != '-' || s[37] != '"' {
		return false
	}
	half := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(s[at:])) }
	n1, bad1 := unhex(half(1) | half(5)<<32)
	n2, bad2 := unhex(half(10) | half(15)<<32)
	n3, bad3 := unhex(half(20) | half(25)<<32)
	n4, bad4 := unhex(half(29) | half(33)<<32)
	binary.LittleEndian.PutUint64(id[:], uint64(n1)|uint64(n2)<<32)
	binary.LittleEndian.PutUint64(id[8:], uint64(n3)|uint64(n4)<<32)
	return bad1|bad2|bad3|bad4 == 0
}

// unhex turns eight hexadecimal digits into four bytes. The first digit is the
// lowest byte of v, and the first byte is the lowest byte of n. The value bad is
// zero if and only if all eight are digits.
//
// The eight digits are converted side by side. Each becomes a number by its low
// bits alone. The digit that belongs to the number must then be the one that
// was given.
func unhex(v uint64) (n uint32, bad uint64) {
	lower := v | v>>1&(ones*0x20) // a letter has bit 6, and bit 5 is its case
	digits := v&(ones*15) + v>>6&ones*9
	letters := (digits + ones*6) >> 4 & ones
	written := digits + ones*'0' + letters*('a'-'9'-1)
	bad = digits&(ones*0xf0) | (lower ^ written)
	pairs := (digits<<4 | digits>>8) & 0x00ff00ff00ff00ff
	pairs |= pairs >> 8
	return uint32(pairs&0xffff) | uint32(pairs>>16&0xffff0000), bad
}

const hexadecimal = "0123456789abcdef"

// appendUUID appends id as a JSON string.
func appendUUID(b []byte, id *uuid.UUID) []byte {
	b = append(b, zeroUUID...)
	to := b[len(b)-quotedUUID:]
	for i, at := range uuidOffsets {
		to[at], to[at+1] = hexadecimal[id[i]>>4], hexadecimal[id[i]&15]
	}
	return b
}
