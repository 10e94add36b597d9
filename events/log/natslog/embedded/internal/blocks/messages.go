package blocks

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sort"

	"github.com/klauspost/compress/s2"
	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
)

// A Message is a stored message.
type Message struct {
	Sequence uint64
	Time     int64 // nanoseconds since 1970
	Subject  string
	Header   []byte // encoded headers; empty if there are none
	Data     []byte
}

// Messages yields the messages after a sequence of the stream in dir, as far as they
// are in blocks that the server no longer writes: all blocks but the last. A server
// may have the stream open. It replaces a block by another file when it compresses
// the block; a reader that has the old file open continues in that file. The data of
// a message is in the memory that room returns for its size in bytes.
//
// Each record is checked as the server checks it, and must follow the one before.
// Otherwise, and if a file cannot be read, Messages ends with an error; the caller
// then asks the server for the message after the last one yielded. The stream must be
// one from which nothing is ever deleted. If the version of the linked server is not
// the verified one, Messages yields only ErrUnverified.
func Messages(dir string, after uint64, room func(n int) []byte) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		err := yieldMessages(dir, server.VERSION, after, room, func(m Message) bool { return yield(m, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(Message{}, err)
		}
	}
}

func yieldMessages(dir, version string, after uint64, room func(n int) []byte, yield func(Message) bool) error {
	if err := verifyVersion(version); err != nil {
		return err
	}
	c, err := streamConfig(dir)
	if err != nil {
		return err
	}
	if !appendOnly(c) {
		return errors.New("messages may be deleted from the stream")
	}
	files, err := listBlocks(dir)
	if err != nil || len(files) < 2 {
		return err
	}
	files, last := files[:len(files)-1], files[len(files)-1]
	if first, err := last.first(); err == nil && first <= after+1 {
		return nil // nothing to read, as for a caller that has almost all messages
	}
	// The block to begin with is the one before the first block that begins after the
	// sequence.
	begin := sort.Search(len(files), func(i int) bool {
		first, failed := files[i].first()
		err = errors.Join(err, failed)
		return first > after+1
	})
	if err != nil || begin == 0 {
		return err
	}
	r := messageReader{stream: c.Name, after: after, room: room, unpack: newDecompressor()}
	for _, f := range files[begin-1:] {
		if err := r.read(f, yield); err != nil {
			return err
		}
	}
	return nil
}

// A messageReader reads the messages after a sequence from blocks.
type messageReader struct {
	stream string
	after  uint64
	room   func(n int) []byte
	unpack *s2.Reader
	b      []byte // memory for data that nobody needs
}

// newDecompressor returns a reader for compressed blocks. It ignores the checksums of
// s2, because each record has its own.
func newDecompressor() *s2.Reader { return s2.NewReader(nil, s2.ReaderIgnoreCRC()) }

var errStopped = errors.New("nobody wants more")

// read yields the messages of a file.
func (r *messageReader) read(f blockFile, yield func(Message) bool) error {
	in, left, err := f.open(r.unpack)
	if err != nil {
		return err
	}
	defer in.Close()
	h := newHash(block{number: f.number}.key(r.stream))
	for left > 0 {
		m, size, err := r.message(in, left, h)
		if err == nil && m.Sequence > r.after+1 {
			err = errGap
		}
		if err != nil {
			return fmt.Errorf("%s, the record after message %d: %w", f.path, r.after, err)
		}
		left -= size
		if m.Sequence <= r.after {
			continue
		}
		r.after++
		if !yield(m) {
			return errStopped
		}
	}
	if _, err := io.ReadFull(in, r.scratch(1)); err != io.EOF {
		return fmt.Errorf("%s: %w", f.path, errDamaged)
	}
	return nil
}

// scratch returns n bytes of memory that is reused by the next call.
func (r *messageReader) scratch(n int) []byte {
	r.b = slices.Grow(r.b[:0], n)[:n]
	return r.b
}

// message reads the next record, which has at most left bytes, and returns its size.
func (r *messageReader) message(in io.Reader, left int, h *highwayhash.Digest64) (m Message, size int, err error) {
	take := func(b []byte) []byte {
		if err == nil {
			if _, failed := io.ReadFull(in, b); failed != nil {
				err = errTorn
			}
		}
		return b
	}
	if left < head {
		return m, 0, errTorn
	}
	var start [head]byte
	if take(start[:]); err != nil {
		return m, 0, err
	}
	is, subject, body, err := parseHead(start[:], left)
	if err != nil {
		return m, 0, err
	}
	h.Reset()
	h.Write(start[4:20])
	name := take(r.scratch(body - head))
	m = Message{Sequence: is.seq, Time: is.time, Subject: string(name[:subject-head])}
	h.Write(name[:subject-head])
	data := is.size - len(checksum{}) - body
	if body > subject {
		n := int(binary.LittleEndian.Uint32(name[subject-head:]))
		if n > data {
			return m, 0, errDamaged
		}
		data -= n
		m.Header = take(make([]byte, n))
		h.Write(m.Header)
	}
	if m.Sequence > r.after {
		m.Data = take(r.room(data))
	} else {
		m.Data = take(r.scratch(data))
	}
	h.Write(m.Data)
	var said, worked checksum
	take(said[:])
	if h.Sum(worked[:0]); err == nil && worked != said {
		err = errDamaged
	}
	return m, is.size, err
}

// first returns the sequence of the first message in the block, without checking its
// checksum.
func (f blockFile) first() (uint64, error) {
	r, _, err := f.open(newDecompressor())
	if err != nil {
		return 0, err
	}
	defer r.Close()
	b := make([]byte, 4+8)
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, fmt.Errorf("%s, its first record: %w", f.path, errTorn)
	}
	return binary.LittleEndian.Uint64(b[4:]), nil
}

// maxBlockSize is more than a server puts into a block: 8 MB and one message.
const maxBlockSize = 64 << 20

// An openBlock reads the uncompressed content of a block. Close closes its file.
type openBlock struct {
	io.Reader
	io.Closer
}

// open opens a block for reading its uncompressed content, and returns the size of
// that. The server may have replaced the file since it was listed.
func (f blockFile) open(unpack *s2.Reader) (_ io.ReadCloser, size int, err error) {
	r, err := os.Open(f.path)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	info, err := r.Stat()
	if err != nil {
		return nil, 0, err
	}
	begin := make([]byte, 4+binary.MaxVarintLen64)
	n, err := r.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	var c server.CompressionInfo
	head, err := c.UnmarshalMetadata(begin[:n])
	body := info.Size() - int64(head) - int64(len(checksum{}))
	switch {
	case err != nil || body < 0 && head > 0 || max(uint64(info.Size()), c.OriginalSize) > maxBlockSize:
		return nil, 0, fmt.Errorf("%s: %w", f.path, errDamaged)
	case head == 0:
		return openBlock{bufio.NewReader(r), r}, int(info.Size()), nil
	}
	// The checksum of the last record is not compressed. It follows the compressed
	// part.
	end := io.NewSectionReader(r, int64(head)+body, int64(len(checksum{})))
	unpack.Reset(io.NewSectionReader(r, int64(head), body))
	whole := io.MultiReader(unpack, end)
	return openBlock{whole, r}, int(c.OriginalSize), nil
}
