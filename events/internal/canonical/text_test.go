package canonical

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"
	"testing"
)

// with calls do with words filled with one byte, except for one or two places that
// take every value.
func with(fill string, do func(b []byte)) {
	for i := range fill {
		for at := range 16 {
			for c := range 256 {
				b := bytes.Repeat([]byte{fill[i]}, 8)
				b[at%8] = byte(c)
				if at >= 8 {
					b[(at+1)%8] = fill[(i+1)%len(fill)]
				}
				do(b)
			}
		}
	}
}

// Goal: words of hexadecimal digits are read as the library reads them, and no other
// words.
func TestUnhex(t *testing.T) {
	with("09afAF4c", func(b []byte) {
		var want [4]byte
		_, err := hex.Decode(want[:], b)
		n, bad := unhex(binary.LittleEndian.Uint64(b))
		if (err != nil) != (bad != 0) || err == nil && n != binary.LittleEndian.Uint32(want[:]) {
			t.Fatalf("%q is %x, bad %x; the library says %x, %v", b, n, bad, want, err)
		}
	})
}

// Goal: the lowest special byte is found, whatever the bytes above it are.
func TestSpecial(t *testing.T) {
	with(" !#[]~\"\\\x1f\x80", func(b []byte) {
		want := slices.IndexFunc(b, func(c byte) bool { return c < ' ' || c == '"' || c == '\\' || c >= 0x80 })
		got := -1
		if s := special(binary.LittleEndian.Uint64(b)); s != 0 {
			got = bits.TrailingZeros64(s) / 8
		}
		if got != want {
			t.Fatalf("%q: %d, want %d", b, got, want)
		}
	})
}
