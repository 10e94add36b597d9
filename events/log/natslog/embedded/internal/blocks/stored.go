package blocks

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
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
	files = files[:len(files)-1]
	var r blockReader
	defer r.close()
	// The first block that begins behind what is sought; it lies in the one before.
	begin := sort.Search(len(files), func(i int) bool {
		first, failed := r.first(files[i], c.Name)
		err = errors.Join(err, failed)
		return first > after+1
	})
	if err != nil || begin == 0 {
		return err
	}
	last := after
	for _, f := range files[begin-1:] {
		if err := r.open(f, c.Name); err != nil {
			return err
		}
		for {
			m, err := r.next()
			if err == io.EOF {
				break
			}
			if err == nil && m.Sequence > last+1 {
				err = errGap
			}
			if err != nil {
				return fmt.Errorf("%s, the record after message %d: %w", f.path, last, err)
			}
			if m.Sequence <= after {
				continue
			}
			if !yield(m) {
				return nil
			}
			last = m.Sequence
		}
	}
	return nil
}

// A blockReader reads blocks, one after the other. The zero blockReader has none
// open yet.
type blockReader struct {
	file    *os.File
	records io.Reader
	hash    *highwayhash.Digest64
	plain   *bufio.Reader // used again for each block that is not compressed
	s2      *s2.Reader    // and for each that is
	length  [4]byte
}

func (r *blockReader) close() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// open opens a block of a stream in place of the one before.
func (r *blockReader) open(f file, stream string) (err error) {
	r.close()
	if r.file, err = os.Open(f.path); err != nil {
		return err
	}
	r.hash = hash(block{number: f.number}.key(stream))
	info, err := r.file.Stat() // the file may be another one than was listed
	if err != nil {
		return err
	}
	begin := make([]byte, 4+binary.MaxVarintLen64)
	n, err := r.file.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return err
	}
	var c server.CompressionInfo
	head, err := c.UnmarshalMetadata(begin[:n])
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", f.path, err)
	case head == 0:
		if r.plain == nil {
			r.plain = bufio.NewReaderSize(nil, 256<<10)
		}
		r.plain.Reset(r.file)
		r.records = r.plain
		return nil
	case info.Size() < int64(head)+8:
		return fmt.Errorf("%s: %w", f.path, errTorn)
	}
	// The check of the last record follows, uncompressed.
	end := make([]byte, 8)
	if _, err := r.file.ReadAt(end, info.Size()-8); err != nil {
		return err
	}
	if r.s2 == nil {
		r.s2 = s2.NewReader(nil)
	}
	r.s2.Reset(io.NewSectionReader(r.file, int64(head), info.Size()-8-int64(head)))
	r.records = io.MultiReader(r.s2, bytes.NewReader(end))
	return nil
}

// next returns the next message of the block, or io.EOF after the last one.
func (r *blockReader) next() (m Message, err error) {
	if _, err := io.ReadFull(r.records, r.length[:]); err != nil {
		return m, err // io.EOF where nothing follows
	}
	size := int(binary.LittleEndian.Uint32(r.length[:]) &^ headers)
	if size < head+8 || size > longest {
		return m, errDamaged
	}
	b := make([]byte, size)
	copy(b, r.length[:])
	if _, err := io.ReadFull(r.records, b[len(r.length):]); err != nil {
		return m, errTorn
	}
	rec, err := next(b, r.hash)
	if err != nil {
		return m, err
	}
	m = Message{Sequence: rec.seq, Time: rec.time, Subject: string(rec.subject)}
	rest := b[head+len(rec.subject) : size-8]
	if binary.LittleEndian.Uint32(b)&headers != 0 {
		n := int(binary.LittleEndian.Uint32(rest))
		if rest = rest[4:]; n > len(rest) {
			return m, errDamaged
		}
		m.Header, rest = rest[:n:n], rest[n:]
	}
	m.Data = rest[:len(rest):len(rest)]
	return m, nil
}

// first returns the sequence of the first message of a block.
func (r *blockReader) first(f file, stream string) (uint64, error) {
	if err := r.open(f, stream); err != nil {
		return 0, err
	}
	m, err := r.next()
	if err != nil {
		return 0, fmt.Errorf("%s, its first record: %w", filepath.Base(f.path), err)
	}
	return m.Sequence, nil
}
