// Package snapshot is the form in which state that was folded from the log is
// written down, so that a start need not fold the log again. A snapshot can be
// thrown away at any time, and is, wherever anything about it is in doubt: so
// it is read by the version that wrote it, or not at all.
//
// # The file
//
// A snapshot begins with the 8 bytes "musterF" and a line feed, and 8 random
// ones. Then come frames: the length of what is in it and a CRC-32C, 4 bytes
// little-endian each, and values, none of which lies across two frames. The
// CRC is over the random bytes, the number of the frame, and the values: a frame
// of another file or of another place is none of this one. A frame of length 0
// ends the file. Values have no types in the file. They are numbers in as many
// bytes as they need (varint, zigzag where they may be negative), words of 8
// bytes, and texts after their length.
//
// # Durability
//
// [Replace] leaves the file as it was or puts a whole new one there, whatever
// ends the process, and [Read] checks all frames of a file before it gives one
// value of it away. What the values mean is checked by whoever reads them, with
// [Reader.Below] and [Reader.Reject].
package snapshot

import (
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"io"
)

const (
	magic           = "musterF\n"
	headerSize      = 16       // bytes before the first frame
	frameHeaderSize = 8        // bytes before what is in a frame
	frameSize       = 64 << 10 // bytes of a frame that is full
	maxFrameSize    = 64 << 20 // bytes of a frame that a reader takes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the CRC of frame n of a file.
func frameChecksum(file []byte, n uint32, values []byte) uint32 {
	b := binary.LittleEndian.AppendUint32(append(make([]byte, 0, headerSize+4), file...), n)
	return crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, values)
}

// A Writer writes values. It is not safe for concurrent use; the first error
// stays, and Close returns it.
type Writer struct {
	to   io.Writer
	file [headerSize]byte
	b    []byte // the frame under way, with room for its head
	n    uint32 // frames written
	err  error
}

// NewWriter begins a snapshot.
func NewWriter(to io.Writer) *Writer {
	w := &Writer{to: to, b: make([]byte, frameHeaderSize, frameHeaderSize+frameSize+1<<10)}
	copy(w.file[:], magic)
	_, _ = rand.Read(w.file[len(magic):]) // never fails
	_, w.err = to.Write(w.file[:])
	return w
}

// Uint writes a number.
func (w *Writer) Uint(n uint64) {
	w.b = binary.AppendUvarint(w.b, n)
	w.fill()
}

// Int writes a number that may be negative.
func (w *Writer) Int(n int64) {
	w.b = binary.AppendVarint(w.b, n)
	w.fill()
}

// Word writes a number that mostly needs all its bytes.
func (w *Writer) Word(n uint64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, n)
	w.fill()
}

// Bool writes a truth.
func (w *Writer) Bool(is bool) {
	n := uint64(0)
	if is {
		n = 1
	}
	w.Uint(n)
}

// Text writes a text, which may be any bytes.
func (w *Writer) Text(s string) {
	w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...)
	w.fill()
}

// Bytes writes so many bytes, without how many there are.
func (w *Writer) Bytes(b []byte) {
	w.b = append(w.b, b...)
	w.fill()
}

func (w *Writer) fill() {
	if len(w.b) >= frameHeaderSize+frameSize {
		w.flush()
	}
}

func (w *Writer) flush() {
	binary.LittleEndian.PutUint32(w.b, uint32(len(w.b)-frameHeaderSize))
	binary.LittleEndian.PutUint32(w.b[4:], frameChecksum(w.file[:], w.n, w.b[frameHeaderSize:]))
	if w.n++; w.err == nil {
		_, w.err = w.to.Write(w.b)
	}
	w.b = w.b[:frameHeaderSize]
}

// Close ends the snapshot and returns the first error there was.
func (w *Writer) Close() error {
	if len(w.b) > frameHeaderSize {
		w.flush()
	}
	w.flush()
	return w.err
}
