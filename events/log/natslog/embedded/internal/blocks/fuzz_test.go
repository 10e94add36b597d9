package blocks

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// encoded returns a record of block 1 of a stream LOG.
func encoded(seq uint64, subject, header, body string) []byte {
	length := uint32(head + len(subject) + len(header) + len(body) + 8)
	if header != "" {
		length += 4
		header = string(binary.LittleEndian.AppendUint32(nil, uint32(len(header)))) + header
		length |= headers
	}
	b := binary.LittleEndian.AppendUint32(nil, length)
	b = binary.LittleEndian.AppendUint64(b, seq)
	b = binary.LittleEndian.AppendUint64(b, 1000+seq)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(subject)))
	h := newHash(block{number: 1}.key("LOG"))
	h.Write(b[4:20])
	h.Write([]byte(subject))
	// The server hashes headers and body as they are stored, without the length of
	// the headers.
	if header != "" {
		h.Write([]byte(header[4:]))
	}
	h.Write([]byte(body))
	return h.Sum(append(b, subject+header+body...))
}

// FuzzDecode checks that decoding an index neither panics nor takes more memory than
// the index has bytes, and that a decoded index is encoded as it was.
func FuzzDecode(f *testing.F) {
	one := block{number: 7, bytes: 300, first: messageRef{1, 1000}, last: messageRef{3, 3000}}
	x := &index{messages: 3, bytes: 300, first: one.first, last: one.last, blocks: []block{one},
		subjects: map[string]subjectCount{"a.b": {3, 7, 7}}, check: checksum{1, 2, 3}}
	b := x.encode("LOG")
	f.Add(b[:len(b)-8])
	f.Add([]byte{magic, version, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h := newHash("LOG")
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

// FuzzScan checks that scanning a block does not panic and does not count more than
// there is.
func FuzzScan(f *testing.F) {
	f.Add([]byte("cmp\x01\x05hello"), uint64(0))
	f.Add(make([]byte, 40), uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, known uint64) {
		path := filepath.Join(t.TempDir(), "1.blk")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scanBlock(path, "LOG", block{number: 1, last: messageRef{seq: known}}, checksum{})
		if err == nil && (s.last.seq < known || s.whole > 0 && s.last.seq-s.first.seq+1 > uint64(s.whole)/(head+8)) {
			t.Errorf("%+v of %d bytes", s, len(b))
		}
	})
}

// FuzzMessages checks that reading messages from a block does not panic, and that a
// block that is read to its end is complete for scanBlock too.
func FuzzMessages(f *testing.F) {
	one := encoded(1, "log.a", "NATS/1.0\r\nA: b\r\n\r\n", "first")
	f.Add(append(one, encoded(2, "log.b", "", "second")...))
	info := server.CompressionInfo{Algorithm: server.S2Compression, OriginalSize: uint64(len(one))}
	compressed, err := server.S2Compression.Compress(one)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(info.MarshalMetadata(), compressed...))
	f.Add([]byte("cmp\x01\x05hello"))
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "1.blk")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var last uint64
		n := 0
		r := messageReader{room: room, unpack: newDecompressor()}
		in, left, err := blockFile{path: path, number: 1}.open(r.unpack)
		if err == nil {
			defer in.Close()
		}
		for h := newHash("LOG-1"); err == nil && left > 0; {
			var m Message
			var size int
			if m, size, err = r.message(in, left, h); err != nil {
				return // also if the length of the headers is wrong, which no checksum covers
			}
			if left, n = left-size, n+1; n > 1 && m.Sequence != last+1 {
				return // scanBlock refuses the block
			}
			last = m.Sequence
		}
		if err == nil {
			if _, more := in.Read(make([]byte, 1)); more != io.EOF {
				return // read refuses the block
			}
		}
		s, failed := scanBlock(path, "LOG", block{number: 1}, checksum{})
		if err == nil && (failed != nil || s.last.seq != last || n > 0 && s.first.seq != last-uint64(n)+1) {
			t.Errorf("%d messages up to %d, scanned %d to %d", n, last, s.first.seq, s.last.seq)
		}
	})
}
