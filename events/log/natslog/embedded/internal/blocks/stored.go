package blocks

import (
	"bytes"
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

// A Message is one as it is stored.
type Message struct {
	Sequence uint64
	Time     int64 // in nanoseconds
	Subject  string
	Header   []byte // encoded, empty if there is none
	Data     []byte
}

// Stored yields the messages of the stream in dir that follow a sequence, as far
// as they lie in blocks that the server has done with: all but the last one. A
// server may have the stream open; it gives such a block another form by another
// file, and so whoever has one open reads on in it.
//
// Each record is checked as the server would do it, and follows the one before.
// Where that is not so, or a file cannot be read, Stored ends with an error: the
// server, asked for the message that follows the last one yielded, will know.
// The stream must be one from which nothing is ever deleted.
func Stored(dir string, after uint64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if err := stored(dir, after, func(m Message) bool { return yield(m, nil) }); err != nil {
			yield(Message{}, err)
		}
	}
}

func stored(dir string, after uint64, yield func(Message) bool) error {
	c, err := configuration(dir)
	if err != nil {
		return err
	}
	if !appendOnly(c) {
		return errors.New("messages may be deleted from the stream")
	}
	files, err := list(dir)
	if err != nil || len(files) < 2 {
		return err
	}
	files, last := files[:len(files)-1], files[len(files)-1]
	if first, err := last.first(); err == nil && first <= after+1 {
		return nil // as it is for whoever has nearly all
	}
	// What is sought lies before the first block that begins behind it.
	begin := sort.Search(len(files), func(i int) bool {
		first, failed := files[i].first()
		err = errors.Join(err, failed)
		return first > after+1
	})
	if err != nil || begin == 0 {
		return err
	}
	quit := make(chan struct{})
	defer close(quit)
	want := after + 1
	spare := make(chan []byte, 2)
	for l := range ahead(files[begin-1:], spare, quit) {
		if l.err != nil {
			return l.err
		}
		h := hash(block{number: l.number}.key(c.Name))
		for b := l.b; len(b) > 0; {
			m, size, err := message(b, h)
			if err == nil && m.Sequence > want {
				err = errGap
			}
			if err != nil {
				return fmt.Errorf("%s, the record after message %d: %w", l.path, want-1, err)
			}
			b = b[size:]
			if m.Sequence < want {
				continue
			}
			if want++; !yield(m.clone()) {
				return nil
			}
		}
		select {
		case spare <- l.b:
		default:
		}
	}
	return nil
}

// message reads the record at the beginning of b, whose length it returns. The
// message is a part of it.
func message(b []byte, h *highwayhash.Digest64) (m Message, size int, err error) {
	r, err := next(b, h)
	if err != nil {
		return m, 0, err
	}
	m = Message{Sequence: r.seq, Time: r.time, Subject: string(r.subject)}
	rest := b[head+len(r.subject) : r.size-len(r.check)]
	if binary.LittleEndian.Uint32(b)&headers != 0 {
		n := int(binary.LittleEndian.Uint32(rest))
		if rest = rest[4:]; n > len(rest) {
			return m, 0, errDamaged
		}
		m.Header, rest = rest[:n], rest[n:]
	}
	m.Data = rest
	return m, r.size, nil
}

func (m Message) clone() Message {
	m.Header, m.Data = bytes.Clone(m.Header), bytes.Clone(m.Data)
	return m
}

// A loaded block is what is in a file, uncompressed.
type loaded struct {
	file
	b   []byte
	err error // the last one
}

// ahead loads files, one ahead of whoever takes them, into spare memory where
// there is some, until quit is closed.
func ahead(files []file, spare <-chan []byte, quit <-chan struct{}) <-chan loaded {
	all := make(chan loaded)
	go func() {
		defer close(all)
		unpack := s2.NewReader(nil)
		for _, f := range files {
			l := loaded{file: f}
			select {
			case l.b = <-spare:
			default:
			}
			l.b, l.err = f.load(l.b[:0], unpack)
			select {
			case all <- l:
			case <-quit:
				return
			}
			if l.err != nil {
				return
			}
		}
	}()
	return all
}

// load returns what is in the file, uncompressed, in the memory of b if there is
// enough.
func (f file) load(b []byte, unpack *s2.Reader) ([]byte, error) {
	r, size, err := f.open(unpack)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b = slices.Grow(b, size)[:size]
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, errTorn)
	}
	if _, err := io.ReadFull(r, make([]byte, 1)); err != io.EOF {
		return nil, fmt.Errorf("%s: %w", f.path, errDamaged)
	}
	return b, nil
}

// first returns the sequence of the first message of the block, unchecked.
func (f file) first() (uint64, error) {
	r, _, err := f.open(s2.NewReader(nil))
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

// mostInBlock is more than a server puts into a block: 8 MB, and one message more.
const mostInBlock = 64 << 20

// open opens a file for reading what is in it, uncompressed, and says how much
// that is. The file may be another one by now than was listed.
func (f file) open(unpack *s2.Reader) (_ io.ReadCloser, size int, err error) {
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
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	var c server.CompressionInfo
	head, err := c.UnmarshalMetadata(begin[:n])
	body := info.Size() - int64(head) - int64(len(check{}))
	switch {
	case err != nil || body < 0 && head > 0 || max(uint64(info.Size()), c.OriginalSize) > mostInBlock:
		return nil, 0, fmt.Errorf("%s: %w", f.path, errDamaged)
	case head == 0:
		return r, int(info.Size()), nil
	}
	// The check of the last record follows what is compressed.
	end := io.NewSectionReader(r, int64(head)+body, int64(len(check{})))
	unpack.Reset(io.NewSectionReader(r, int64(head), body))
	whole := io.MultiReader(unpack, end)
	return struct {
		io.Reader
		io.Closer
	}{whole, r}, int(c.OriginalSize), nil
}
