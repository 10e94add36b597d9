package blocks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats-server/v2/server"
)

// A record is one message in a block. Its layout is, little-endian: length (4 bytes;
// the highest bit means that there are headers), sequence (8; the two highest bits
// mark deleted messages), time (8), length of the subject (2), subject, length of the
// headers (4) and headers if there are some, body, and checksum (8): the hash of
// sequence, time, subject, headers and body.
type record struct {
	messageRef
	size    int
	subject []byte
	check   checksum
}

const (
	head    = 4 + 8 + 8 + 2
	headers = 1 << 31
	deleted = 1<<63 | 1<<62
	// longest is the size in bytes of the longest record that the server accepts.
	longest = 32 << 20
)

var (
	errTorn    = errors.New("it is not there to its end")
	errDamaged = errors.New("it is damaged")
	errDeleted = errors.New("it marks a deletion")
	errGap     = errors.New("a message is missing before it")
	errOther   = errors.New("it is not the one that the index says")
)

// parseHead parses the fixed part at the beginning of a record, which is head bytes
// long. It returns the offsets at which the subject ends and the body begins. The
// number of bytes left in the block limits the length of the record.
func parseHead(b []byte, left int) (r record, subject, body int, err error) {
	length := binary.LittleEndian.Uint32(b)
	r.seq = binary.LittleEndian.Uint64(b[4:])
	r.time = int64(binary.LittleEndian.Uint64(b[12:]))
	r.size = int(length &^ headers)
	subject = head + int(binary.LittleEndian.Uint16(b[20:]))
	body = subject
	if length&headers != 0 {
		body += 4
	}
	switch {
	case r.size < body+8 || r.size > longest:
		err = errDamaged
	case r.size > left:
		err = errTorn
	case r.seq == 0 || r.seq&deleted != 0:
		err = errDeleted
	}
	return r, subject, body, err
}

// parseRecord parses the record at the beginning of b and checks its checksum.
func parseRecord(b []byte, h *highwayhash.Digest64) (r record, err error) {
	if len(b) < head {
		return r, errTorn
	}
	r, subject, body, err := parseHead(b, len(b))
	if err != nil {
		return r, err
	}
	r.subject = b[head:subject]
	h.Reset()
	h.Write(b[4:20])
	h.Write(r.subject)
	h.Write(b[body : r.size-8])
	copy(r.check[:], b[r.size-8:r.size])
	if checksum(h.Sum(nil)) != r.check {
		return r, errDamaged
	}
	return r, nil
}

// A scannedBlock is a block with what the index does not know about it.
type scannedBlock struct {
	block
	check    checksum          // checksum of the last record
	subjects map[string]uint64 // number of new messages by subject
	torn     bool              // an incomplete record follows the first whole bytes
	whole    int64
}

// scanBlock reads a block. If the index knows the block, known is its entry and at is
// the checksum of its last record. Otherwise known has only the number. All records
// must be undamaged and follow each other. Only the very last record may be
// incomplete.
func scanBlock(path, stream string, known block, at checksum) (scannedBlock, error) {
	s := scannedBlock{block: block{number: known.number}, subjects: map[string]uint64{}}
	fail := func(err error) (scannedBlock, error) {
		return s, fmt.Errorf("%s, the record after message %d: %w", path, s.last.seq, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	b, compressed, err := uncompressed(b)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	h := newHash(known.key(stream))
	for s.whole < int64(len(b)) {
		r, err := parseRecord(b[s.whole:], h)
		if errors.Is(err, errTorn) && !compressed {
			s.torn = true
			break
		}
		if err != nil {
			return fail(err)
		}
		switch {
		case s.whole == 0:
			s.first = r.messageRef
		case r.seq != s.last.seq+1:
			return fail(errGap)
		}
		s.whole += int64(r.size)
		s.bytes += uint64(r.size)
		s.last, s.check = r.messageRef, r.check
		if r.seq > known.last.seq {
			s.subjects[string(r.subject)]++
		} else if r.seq == known.last.seq && (s.block != known || s.check != at) {
			return fail(errOther)
		}
	}
	if s.last.seq < known.last.seq {
		return fail(errOther)
	}
	return s, nil
}

// uncompressed returns the content of a block, and reports whether the file is
// compressed.
func uncompressed(b []byte) ([]byte, bool, error) {
	var c server.CompressionInfo
	n, err := c.UnmarshalMetadata(b)
	if err != nil || n == 0 {
		return b, false, err
	}
	b, err = c.Algorithm.Decompress(b[n:])
	return b, true, err
}
