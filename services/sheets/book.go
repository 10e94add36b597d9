package sheets

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// A Book remembers which rows were sent under which ids, so that a row that
// changed can replace what was sent of it before.
//
// It is a text file: a key, then a line for each event that is in the log,
// the last for a natural key holding. It contains no cell of any sheet, only
// keyed hashes; but as it contains the key too it is to be kept like the
// sheets themselves. When it is lost, rows about one person get other ids: the
// services then refuse what would be there twice (a hire, an exit), but for
// training, which would be recorded again; posts, attendance and payments keep
// their ids, and a changed one is refused as id_reused. A book belongs to one
// deployment. The file is made when there is something to remember.
//
// A book is for one publisher at a time, and not safe for concurrent use.
type IDStore struct {
	path  string
	key   []byte
	known map[fingerprint]IDRecord
	seen  map[fingerprint]IDRecord // in this run, with the row in at
	file  *os.File
	w     *bufio.Writer
}

type fingerprint [16]byte

// A Claim is what a book knows of one natural key once the event is in the
// log.
type IDRecord struct {
	natural  fingerprint
	content  fingerprint
	version  int
	replaces int  // the version that it replaced, 0 for none
	gone     bool // withdrawn
}

const idStoreTitle = "muster-ids-1 "

// ErrBook says that a file is no book, or a damaged one.
var ErrIDStore = errors.New("sheets: not a file of ids")

// OpenBook reads a book, or begins one where there is none at path.
func OpenIDStore(path string) (*IDStore, error) {
	b := &IDStore{path: path, key: make([]byte, 32), known: map[fingerprint]IDRecord{}, seen: map[fingerprint]IDRecord{}}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		_, _ = rand.Read(b.key) // never fails
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if err := b.read(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	b.file, b.w = f, bufio.NewWriter(f)
	return b, nil
}

func (b *IDStore) read(f *os.File) error {
	r := bufio.NewReader(f)
	title, err := r.ReadString('\n')
	key, ok := strings.CutPrefix(strings.TrimSuffix(title, "\n"), idStoreTitle)
	if n, bad := hex.Decode(b.key, []byte(key[:min(64, len(key))])); err != nil || !ok || len(key) != 64 || bad != nil || n != 32 {
		return ErrIDStore
	}
	good := int64(len(title))
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // and what has no end was cut off
		}
		if err != nil {
			return err
		}
		c, err := parseRecord(line)
		if err != nil {
			return err
		}
		b.known[c.natural] = c
		good += int64(len(line))
	}
	if err := f.Truncate(good); err != nil {
		return err
	}
	_, err = f.Seek(good, io.SeekStart)
	return err
}

func parseRecord(line string) (c IDRecord, err error) {
	var natural, content []byte
	var state string
	if _, err := fmt.Sscanf(line, "%x %d %d %x %s\n", &natural, &c.version, &c.replaces, &content, &state); err != nil ||
		len(natural) != len(c.natural) || len(content) != len(c.content) || c.version < 1 || c.replaces >= c.version || state != "sent" && state != "gone" {
		return c, fmt.Errorf("%w: line of %d bytes", ErrIDStore, len(line))
	}
	c.natural, c.content, c.gone = fingerprint(natural), fingerprint(content), state == "gone"
	return c, nil
}

// Keep remembers that an event is in the log.
func (b *IDStore) Put(c IDRecord) error {
	if c.version == 0 || b.known[c.natural] == c {
		return nil
	}
	if b.file == nil {
		f, err := os.OpenFile(b.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		b.file, b.w = f, bufio.NewWriter(f)
		fmt.Fprintf(b.w, "%s%x\n", idStoreTitle, b.key)
	}
	b.known[c.natural] = c
	state := "sent"
	if c.gone {
		state = "gone"
	}
	_, err := fmt.Fprintf(b.w, "%x %d %d %x %s\n", c.natural, c.version, c.replaces, c.content, state)
	return err
}

// Flush writes what was kept.
func (b *IDStore) Flush() error {
	if b.w == nil {
		return nil
	}
	return b.w.Flush()
}

// Close writes what was kept and closes the file.
func (b *IDStore) Close() error {
	if b.file == nil {
		return nil
	}
	return errors.Join(b.w.Flush(), b.file.Sync(), b.file.Close())
}

// sum hashes parts, keyed unless the key is nil.
func keyedHash(key []byte, parts ...[]byte) fingerprint {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write(p)
	}
	return fingerprint(h.Sum(nil))
}

// claim is what content under a natural key is to be sent as.
func (b *IDStore) next(natural []byte, content []byte) IDRecord {
	c := IDRecord{natural: keyedHash(b.key, []byte("natural"), natural), content: keyedHash(b.key, []byte("content"), content), version: 1}
	old, known := b.known[c.natural]
	switch {
	case !known:
	case old.content == c.content && !old.gone:
		return old
	case old.gone:
		c.version = old.version + 1
	default:
		c.version, c.replaces = old.version+1, old.version
	}
	return c
}

// clash says whether other content came under a natural key in this run.
func (b *IDStore) conflicts(c IDRecord) bool {
	first, again := b.seen[c.natural]
	if !again {
		b.seen[c.natural] = c
	}
	return again && first.content != c.content
}

// hashed is an id that a natural key gives.
func (b *IDStore) hashedID(name string, natural []byte, personal bool) string {
	var key []byte
	if personal {
		key = b.key
	}
	m := keyedHash(key, []byte("id"), natural)
	return name + "-" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(m[:10]))
}

// versioned is the id of a version of what has the id base.
func versionedID(base string, version int) string {
	if version <= 1 {
		return base
	}
	return fmt.Sprintf("%s.%d", base, version)
}

// join makes one text of the parts of a natural key.
func joinKey(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		b.Write(binary.AppendUvarint(nil, uint64(len(p))))
		b.WriteString(p)
	}
	return b.Bytes()
}
