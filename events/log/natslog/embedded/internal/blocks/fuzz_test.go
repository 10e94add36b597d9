package blocks

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// Whatever an index says, reading it neither panics nor takes more memory than
// it has bytes, and what could be read is written the same.
func FuzzDecode(f *testing.F) {
	one := block{number: 7, bytes: 300, first: place{1, 1000}, last: place{3, 3000}}
	x := &index{messages: 3, bytes: 300, first: one.first, last: one.last, blocks: []block{one},
		subjects: map[string]subject{"a.b": {3, 7, 7}}, check: check{1, 2, 3}}
	b := x.encode("LOG")
	f.Add(b[:len(b)-8])
	f.Add([]byte{magic, version, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h := hash("LOG")
		h.Write(b)
		x, err := decode("LOG", h.Sum(b))
		if err != nil {
			return
		}
		again, err := decode("LOG", x.encode("LOG"))
		if err != nil || !reflect.DeepEqual(x, again) {
			t.Errorf("%+v, written and read %+v, %v", x, again, err)
		}
	})
}

// Whatever a block holds, reading it does not panic, and what it counts is no
// more than there is.
func FuzzScan(f *testing.F) {
	f.Add([]byte("cmp\x01\x05hello"), uint64(0))
	f.Add(make([]byte, 40), uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, known uint64) {
		path := filepath.Join(t.TempDir(), "1.blk")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scan(path, "LOG", block{number: 1, last: place{seq: known}}, check{})
		if err == nil && (s.last.seq < known || s.whole > 0 && s.last.seq-s.first.seq+1 > uint64(s.whole)/(head+8)) {
			t.Errorf("%+v of %d bytes", s, len(b))
		}
	})
}
