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

// An IDStore remembers which rows were sent under which ids, so that a row that changed
// can replace the event that was sent of it before.
//
// It is a text file: a line with a key, then a line for each event that is in the log.
// Of the lines about one natural key the last one is valid. The file holds keyed hashes
// and no cell of any sheet. Since it holds the key as well, keep it as safe as the
// sheets. The file is created when there is something to remember. It belongs to one
// deployment.
//
// If the file is lost, rows about one person get other ids. The services then refuse
// what would be recorded twice (a hire, an exit), except for training, which would be
// recorded again. Posts, attendance and payments keep their ids, and a changed row of
// them is refused as id_reused.
//
// An IDStore is for one publisher at a time and is not safe for concurrent use.
type IDStore struct {
	path  string
	key   []byte
	known map[fingerprint]IDRecord
	seen  map[fingerprint]IDRecord // what this run has read so far
	file  *os.File
	w     *bufio.Writer
}

// A fingerprint is the first half of an HMAC-SHA256.
type fingerprint [16]byte

// An IDRecord is what an IDStore knows about one natural key.
type IDRecord struct {
	natural  fingerprint
	content  fingerprint
	version  int  // number of the version, from 1
	replaces int  // the version that it replaces; 0 is none
	gone     bool // the event was withdrawn
}

// idStoreTitle begins the first line of the file, before the key in hexadecimal.
const idStoreTitle = "muster-ids-1 "

// ErrIDStore says that a file is not a file of ids, or a damaged one.
var ErrIDStore = errors.New("sheets: not a file of ids")

// OpenIDStore reads the file at path, or begins an empty store if there is no such
// file. A last line without an end, which a crash may leave, is cut off. The error is
// ErrIDStore if the file is anything else.
func OpenIDStore(path string) (*IDStore, error) {
	b := &IDStore{path: path, key: make([]byte, 32), known: map[fingerprint]IDRecord{}, seen: map[fingerprint]IDRecord{}}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		_, _ = rand.Read(b.key) // Read of crypto/rand never fails
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
			break // a last line without an end is not a record
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

// Put remembers that the event of an IDRecord is in the log. Call Flush or Close to
// write the file.
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

// Flush gives what was put to the operating system.
func (b *IDStore) Flush() error {
	if b.w == nil {
		return nil
	}
	return b.w.Flush()
}

// Close writes what was put, syncs the file and closes it.
func (b *IDStore) Close() error {
	if b.file == nil {
		return nil
	}
	return errors.Join(b.w.Flush(), b.file.Sync(), b.file.Close())
}

// keyedHash hashes parts with a key. A nil key gives a hash that everybody can compute.
func keyedHash(key []byte, parts ...[]byte) fingerprint {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write(p)
	}
	return fingerprint(h.Sum(nil))
}

// next returns the record under which content is to be sent: the known one if the
// content is the same, else the next version.
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

// conflicts reports whether other content had the same natural key before in this run.
func (b *IDStore) conflicts(c IDRecord) bool {
	first, again := b.seen[c.natural]
	if !again {
		b.seen[c.natural] = c
	}
	return again && first.content != c.content
}

// hashedID derives an id from a natural key. The hash is keyed if the key holds a
// person.
func (b *IDStore) hashedID(name string, natural []byte, personal bool) string {
	var key []byte
	if personal {
		key = b.key
	}
	m := keyedHash(key, []byte("id"), natural)
	return name + "-" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(m[:10]))
}

// versionedID returns the id of a version of the event whose first version has the id
// base.
func versionedID(base string, version int) string {
	if version <= 1 {
		return base
	}
	return fmt.Sprintf("%s.%d", base, version)
}

// joinKey joins the parts of a natural key into one text, without ambiguity.
func joinKey(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		b.Write(binary.AppendUvarint(nil, uint64(len(p))))
		b.WriteString(p)
	}
	return b.Bytes()
}
