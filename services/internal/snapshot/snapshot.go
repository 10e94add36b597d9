// Package snapshot reads and writes the files of folds, so that a start need not fold the
// whole log again. A snapshot may be removed at any time. It is read only by the version
// that wrote it: if anything about a snapshot is in doubt, it is ignored and the log is
// folded instead.
//
// # The file
//
//	┌───────────┬────────────┬─────────┬─────────┬───┬──────────────┐
//	│ musterF\n │ random     │ frame 0 │ frame 1 │ … │ empty frame  │
//	│ 8 bytes   │ 8 bytes    │         │         │   │ ends the file│
//	└───────────┴────────────┴─────────┴─────────┴───┴──────────────┘
//
//	frame
//	┌─────────────┬─────────────┬───────────────────┐
//	│ length      │ CRC-32C     │ values            │
//	│ 4 bytes     │ 4 bytes     │ length bytes      │
//	└─────────────┴─────────────┴───────────────────┘
//
// Numbers of fixed size are little-endian. The CRC covers the first 16 bytes of the file,
// the number of the frame (from 0, in 4 bytes), and the values. So a frame of another
// file, or at another place, is detected. A value never lies across two frames.
//
// The file does not say of which type a value is. Numbers are varints, with zigzag if they
// may be negative; words are 8 bytes; a string is its length and its bytes.
//
// # Durability
//
// [Replace] either leaves the file as it was or puts a complete new file there, even if
// the process ends at any moment. [Read] checks all frames of a file before it returns one
// value. The caller of Read must check that the values make sense, with [Reader.Below] and
// [Reader.Reject].
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
	frameHeaderSize = 8        // bytes before the values of a frame
	frameSize       = 64 << 10 // bytes of values after which a frame is written
	maxFrameSize    = 64 << 20 // bytes of values that a reader accepts in a frame
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameChecksum returns the CRC of frame n. file is the first 16 bytes of the file.
func frameChecksum(file []byte, n uint32, values []byte) uint32 {
	b := binary.LittleEndian.AppendUint32(append(make([]byte, 0, headerSize+4), file...), n)
	return crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, values)
}

// A Writer writes the values of a snapshot. After the first error it writes nothing more,
// and Close returns that error. A Writer is not safe for concurrent use.
type Writer struct {
	to   io.Writer
	file [headerSize]byte
	b    []byte // the next frame, its header included
	n    uint32 // frames written
	err  error
}

// NewWriter makes a Writer and writes the beginning of a snapshot.
func NewWriter(to io.Writer) *Writer {
	w := &Writer{to: to, b: make([]byte, frameHeaderSize, frameHeaderSize+frameSize+1<<10)}
	copy(w.file[:], magic)
	_, _ = rand.Read(w.file[len(magic):]) // rand.Read never fails
	_, w.err = to.Write(w.file[:])
	return w
}

// Uint writes a number in 1 to 10 bytes; small numbers take fewer.
func (w *Writer) Uint(n uint64) {
	w.b = binary.AppendUvarint(w.b, n)
	w.fill()
}

// Int writes a number that may be negative, in 1 to 10 bytes.
func (w *Writer) Int(n int64) {
	w.b = binary.AppendVarint(w.b, n)
	w.fill()
}

// Word writes a number in 8 bytes, for numbers that are mostly large.
func (w *Writer) Word(n uint64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, n)
	w.fill()
}

// Bool writes a boolean.
func (w *Writer) Bool(is bool) {
	n := uint64(0)
	if is {
		n = 1
	}
	w.Uint(n)
}

// Text writes a string, which may hold any bytes.
func (w *Writer) Text(s string) {
	w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...)
	w.fill()
}

// Bytes writes bytes without their number. The reader must know how many they are.
func (w *Writer) Bytes(b []byte) {
	w.b = append(w.b, b...)
	w.fill()
}

// fill writes the frame if it is full.
func (w *Writer) fill() {
	if len(w.b) >= frameHeaderSize+frameSize {
		w.flush()
	}
}

// flush writes the frame and begins the next.
func (w *Writer) flush() {
	binary.LittleEndian.PutUint32(w.b, uint32(len(w.b)-frameHeaderSize))
	binary.LittleEndian.PutUint32(w.b[4:], frameChecksum(w.file[:], w.n, w.b[frameHeaderSize:]))
	if w.n++; w.err == nil {
		_, w.err = w.to.Write(w.b)
	}
	w.b = w.b[:frameHeaderSize]
}

// Close writes the end of the snapshot and returns the first error. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	if len(w.b) > frameHeaderSize {
		w.flush()
	}
	w.flush()
	return w.err
}
