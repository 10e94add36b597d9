package snapshot

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrDoubtful says that a snapshot cannot be relied on: the file is damaged or
// incomplete, or holds values that make no sense. Ignore the snapshot and fold the log.
var ErrDoubtful = errors.New("snapshot: in doubt")

// A Reader reads the values of a snapshot. They must be read in the order in which they
// were written, each by the method that matches the one of [Writer]. After the first
// error every method returns a zero value, and Close returns that error. A Reader is not
// safe for concurrent use.
type Reader struct {
	from   io.Reader
	file   [headerSize]byte
	b      []byte // the values of the frame that are not read yet
	buffer []byte // for the values of a frame
	n      uint32 // frames read
	end    bool   // the last frame has been read
	err    error
}

// NewReader makes a Reader and reads the beginning of the snapshot.
func NewReader(from io.Reader) *Reader {
	r := &Reader{from: bufio.NewReaderSize(from, frameSize)}
	if _, err := io.ReadFull(r.from, r.file[:]); err != nil {
		r.fail(err)
	} else if string(r.file[:len(magic)]) != magic {
		r.Reject("it does not begin as snapshots do")
	}
	return r
}

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Reject makes the Reader fail with ErrDoubtful, because a value that was read makes no
// sense. why is for people to read.
func (r *Reader) Reject(why string) { r.fail(errors.New(why)) }

// fail keeps the first error.
func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %w", ErrDoubtful, err)
	}
	r.b = nil
}

// next reads and checks the next frame. It returns false at the end of the snapshot and
// after an error.
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
	// The buffer grows while bytes arrive, so that a wrong length does not make it
	// larger than the file.
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

// ensure makes sure that a value begins at r.b, and reads the next frame if it must.
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

// Uint reads a number that [Writer.Uint] wrote.
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

// Below reads a number that [Writer.Uint] wrote, and rejects it if it is not less than n.
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

// Int reads a number that [Writer.Int] wrote.
func (r *Reader) Int() int64 {
	v := r.Uint()
	return int64(v>>1) ^ -int64(v&1)
}

// Word reads a number that [Writer.Word] wrote.
func (r *Reader) Word() uint64 {
	b := r.bytes(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// Bool reads a boolean.
func (r *Reader) Bool() bool { return r.Below(2) == 1 }

// Text reads a string.
func (r *Reader) Text() string { return string(r.bytes(int(r.Below(maxFrameSize)))) }

// Fill fills b with bytes that [Writer.Bytes] wrote. After an error b is left as it was.
func (r *Reader) Fill(b []byte) { copy(b, r.bytes(len(b))) }

// bytes reads n bytes, which are valid until the next value is read. It returns nil if n
// is 0, and after an error.
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

// Close checks that every value was read and that nothing follows the snapshot. It
// returns the first error.
func (r *Reader) Close() error {
	if r.err == nil && (len(r.b) > 0 || r.next()) {
		r.Reject("it goes on")
	}
	if _, err := io.ReadFull(r.from, make([]byte, 1)); r.err == nil && err != io.EOF {
		r.Reject("something comes behind it")
	}
	return r.err
}
