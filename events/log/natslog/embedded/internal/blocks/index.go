package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/minio/highwayhash"
)

// The first two bytes of an index file: the magic number and the version. An index of
// another version is not changed.
const (
	magic   = 11
	version = 4
)

var (
	errBroken  = errors.New("the index is broken")
	errVersion = errors.New("the index is of another version")
)

// An index is the content of index.db: the messages of the stream, their subjects,
// and their blocks.
type index struct {
	messages, bytes uint64
	first, last     messageRef
	subjects        map[string]subjectCount
	blocks          []block
	check           checksum // checksum of the last record
}

// A messageRef identifies a message by its sequence, with its time in nanoseconds
// since 1970.
type messageRef struct {
	seq  uint64
	time int64
}

// A subjectCount is the number of messages of a subject, and the first and last block
// that contain some.
type subjectCount struct {
	messages    uint64
	first, last uint32
}

// A block is what the index says about a file of messages, <number>.blk.
type block struct {
	number      uint32
	bytes       uint64
	first, last messageRef
}

// key returns the text from which the key for the checksums in the block is derived.
func (b block) key(stream string) string { return fmt.Sprintf("%s-%d", stream, b.number) }

// A checksum is the hash at the end of each record.
type checksum [8]byte

// newHash returns the keyed hash that the server uses. The key is derived from a
// name.
func newHash(name string) *highwayhash.Digest64 {
	key := sha256.Sum256([]byte(name))
	h, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		panic(err) // cannot happen: the key has 32 bytes
	}
	return h
}

// decode decodes the index of the stream with the given name. It fails if messages
// were removed from the stream or will expire, since adding new messages is then not
// enough to update the index.
func decode(name string, b []byte) (*index, error) {
	if len(b) < 2+8+8 {
		return nil, fmt.Errorf("%w: it has %d bytes", errBroken, len(b))
	}
	b, sum := b[:len(b)-8], b[len(b)-8:]
	h := newHash(name)
	h.Write(b)
	if !bytes.Equal(h.Sum(nil), sum) {
		return nil, fmt.Errorf("%w: its checksum is wrong", errBroken)
	}
	if b[0] != magic || b[1] != version {
		return nil, fmt.Errorf("%w: %d.%d, not %d.%d", errVersion, b[0], b[1], magic, version)
	}
	r := &indexReader{left: b[2:]}
	x := &index{messages: r.next(), bytes: r.next(), subjects: map[string]subjectCount{}}
	x.first = messageRef{r.next(), r.signed()}
	x.last = messageRef{r.next(), r.signed()}
	for n := r.next(); n > 0 && !r.ended; n-- {
		s := string(r.text(r.next()))
		x.subjects[s] = subjectCount{r.next(), uint32(r.next()), uint32(r.next())}
	}
	for n := r.next(); n > 0 && !r.ended; n-- {
		k := block{number: uint32(r.next()), bytes: r.next()}
		k.first = messageRef{r.next(), r.signed() + x.first.time}
		k.last = messageRef{r.next(), r.signed() + x.first.time}
		x.blocks = append(x.blocks, k)
		if deleted, expiring, scheduled := r.next(), r.next(), r.next(); deleted+expiring+scheduled > 0 {
			return nil, fmt.Errorf("block %d: %d messages were deleted, %d expire, %d are scheduled", k.number, deleted, expiring, scheduled)
		}
	}
	last := uint32(r.next())
	copy(x.check[:], r.text(8))
	if r.ended || len(r.left) > 0 {
		return nil, fmt.Errorf("%w: its length is not as it says", errVersion)
	}
	return x, x.verify(last)
}

// verify returns an error unless the index has no gap and its last block has the
// given number.
func (x *index) verify(last uint32) error {
	var messages, size, by uint64
	next := x.first.seq
	for i, k := range x.blocks {
		if k.first.seq != next || k.last.seq < k.first.seq || i > 0 && k.number <= x.blocks[i-1].number {
			return fmt.Errorf("block %d has the messages %d to %d, after those before %d", k.number, k.first.seq, k.last.seq, next)
		}
		next = k.last.seq + 1
		messages += k.last.seq - k.first.seq + 1
		size += k.bytes
	}
	for _, s := range x.subjects {
		by += s.messages
	}
	switch n := len(x.blocks); {
	case n == 0, x.blocks[n-1].number != last, x.blocks[n-1].last.seq != x.last.seq:
		return fmt.Errorf("the index does not end with block %d and message %d", last, x.last.seq)
	case messages != x.messages || size != x.bytes || by != x.messages:
		return fmt.Errorf("the index counts %d messages, %d by subject, %d by block", x.messages, by, messages)
	}
	return nil
}

// encode encodes the index. It is the inverse of decode.
func (x *index) encode(name string) []byte {
	b := []byte{magic, version}
	b = binary.AppendUvarint(b, x.messages)
	b = binary.AppendUvarint(b, x.bytes)
	b = appendMessageRef(b, x.first, 0)
	b = appendMessageRef(b, x.last, 0)
	b = binary.AppendUvarint(b, uint64(len(x.subjects)))
	for _, name := range slices.Sorted(maps.Keys(x.subjects)) {
		s := x.subjects[name]
		b = binary.AppendUvarint(b, uint64(len(name)))
		b = append(b, name...)
		b = binary.AppendUvarint(b, s.messages)
		b = binary.AppendUvarint(b, uint64(s.first))
		b = binary.AppendUvarint(b, uint64(s.last))
	}
	b = binary.AppendUvarint(b, uint64(len(x.blocks)))
	var last uint32
	for _, k := range x.blocks {
		last = k.number
		b = binary.AppendUvarint(b, uint64(k.number))
		b = binary.AppendUvarint(b, k.bytes)
		b = appendMessageRef(b, k.first, x.first.time)
		b = appendMessageRef(b, k.last, x.first.time)
		b = append(b, 0, 0, 0) // no deleted messages, none that expire, none scheduled
	}
	b = binary.AppendUvarint(b, uint64(last))
	b = append(b, x.check[:]...)
	h := newHash(name)
	h.Write(b)
	return h.Sum(b)
}

func appendMessageRef(b []byte, p messageRef, base int64) []byte {
	return binary.AppendVarint(binary.AppendUvarint(b, p.seq), p.time-base)
}

// An indexReader reads the numbers and texts of an index. After the end it returns
// zeros.
type indexReader struct {
	left  []byte
	ended bool
}

func (r *indexReader) next() uint64 {
	v, n := binary.Uvarint(r.left)
	if !r.skip(n) {
		return 0
	}
	return v
}

func (r *indexReader) signed() int64 {
	v, n := binary.Varint(r.left)
	if !r.skip(n) {
		return 0
	}
	return v
}

// skip skips n bytes. It returns false if there are fewer.
func (r *indexReader) skip(n int) bool {
	if n <= 0 {
		r.left, r.ended = nil, true
		return false
	}
	r.left = r.left[n:]
	return true
}

func (r *indexReader) text(n uint64) []byte {
	if n > uint64(len(r.left)) {
		r.left, r.ended = nil, true
		return nil
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b
}
