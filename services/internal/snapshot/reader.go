package snapshot

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrDoubtful says that a file is no snapshot that can be relied on: it is
// damaged, was not written to its end, or holds what makes no sense. Fold the
// log.
var ErrDoubtful = errors.New("snapshot: in doubt")

// A Reader reads values in the order in which they were written, by the same
// kinds. It is not safe for concurrent use. The first error stays; from then on
// every value is zero, and Close returns the error.
type Reader struct {
	from   io.Reader
	file   [headerSize]byte
	b      []byte // of the frame, what is not read yet
	buffer []byte // for frames
	n      uint32 // frames read
	end    bool   // the last of them ends the file
	err    error
}

// NewReader begins to read a snapshot.
func NewReader(from io.Reader) *Reader {
	r := &Reader{from: bufio.NewReaderSize(from, frameSize)}
	if _, err := io.ReadFull(r.from, r.file[:]); err != nil {
		r.fail(err)
	} else if string(r.file[:len(magic)]) != magic {
		r.Reject("it does not begin as snapshots do")
	}
	return r
}

// Err returns the first error there was.
func (r *Reader) Err() error { return r.err }

// Reject notes that what was read makes no sense.
func (r *Reader) Reject(why string) { r.fail(errors.New(why)) }

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %w", ErrDoubtful, err)
	}
	r.b = nil
}

// next goes to the next frame; false is an error, or the end.
func (r *Reader) next() bool {
	var b [frameHeaderSize]byte
	if r.err != nil || r.end {
		return false
	}
	if _, err := io.ReadFull(r.from, b[:]); err != nil {
		r.fail(err)
		return false
	}
	size := binary.LittleEndian.Uint32(b[:])
	if size > maxFrameSize {
		r.Reject("a frame is too long")
		return false
	}
	// A length that is wrong asks for no more memory than there are bytes.
	if int(size) > cap(r.buffer) {
		r.buffer = make([]byte, 0, min(size, 4*frameSize))
	}
	r.buffer = r.buffer[:min(int(size), cap(r.buffer))]
	_, err := io.ReadFull(r.from, r.buffer)
	for len(r.buffer) < int(size) && err == nil {
		had := len(r.buffer)
		r.buffer = append(r.buffer, make([]byte, min(int(size)-had, had))...)
		_, err = io.ReadFull(r.from, r.buffer[had:])
	}
	if err != nil {
		r.fail(err)
		return false
	}
	if frameChecksum(r.file[:], r.n, r.buffer) != binary.LittleEndian.Uint32(b[4:]) {
		r.Reject("a frame is damaged")
		return false
	}
	r.n++
	r.b, r.end = r.buffer, size == 0
	return !r.end
}

// more makes sure that a value begins at r.b.
func (r *Reader) ensure() bool {
	if len(r.b) > 0 {
		return true
	}
	if !r.next() {
		r.Reject("it ends too early")
		return false
	}
	return true
}

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	if !r.ensure() {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.Reject("a number is malformed")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Below reads a number, which makes no sense unless it is less than n.
func (r *Reader) Below(n int) uint32 {
	v := r.Uint()
	if v >= uint64(n) || v > 1<<32-1 {
		if r.err == nil {
			r.Reject("a number is out of bounds")
		}
		return 0
	}
	return uint32(v)
}

// Int reads a number that may be negative.
func (r *Reader) Int() int64 {
	v := r.Uint()
	return int64(v>>1) ^ -int64(v&1)
}

// Word reads a number of 8 bytes.
func (r *Reader) Word() uint64 {
	b := r.bytes(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// Bool reads a truth.
func (r *Reader) Bool() bool { return r.Below(2) == 1 }

// Text reads a text.
func (r *Reader) Text() string { return string(r.bytes(int(r.Below(maxFrameSize)))) }

// Fill reads as many bytes as b has.
func (r *Reader) Fill(b []byte) { copy(b, r.bytes(len(b))) }

// bytes reads n bytes, which last until the next value is read; nil is an error,
// or none.
func (r *Reader) bytes(n int) []byte {
	switch {
	case n == 0 || !r.ensure():
		return nil
	case n > len(r.b):
		r.Reject("it ends too early")
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// Close makes sure that all was read, and returns the first error there was.
func (r *Reader) Close() error {
	if r.err == nil && (len(r.b) > 0 || r.next()) {
		r.Reject("it goes on")
	}
	if _, err := io.ReadFull(r.from, make([]byte, 1)); r.err == nil && err != io.EOF {
		r.Reject("something comes behind it")
	}
	return r.err
}
