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

// A Book remembers which rows were sent under which ids, so that a changed row can replace
// the event that was sent for it before.
//
// A book is a text file: a key, then a line for each event that is in the log. Of several
// lines for one natural key the last one counts. The file holds no cell of any sheet, only
// keyed hashes. But it holds the key as well, so it must be kept like the sheets
// themselves. A book belongs to one deployment. The file is created when there is something
// to remember.
//
// If a book is lost, rows about one person get other ids. The services then refuse a second
// hire or exit, but a training is recorded a second time. Posts, attendance and payments
// keep their ids, and a changed one is refused as id_reused.
//
// A book is for one publisher at a time. It is not safe for concurrent use.
type Book struct {
	path  string
	key   []byte
	known map[mac]Claim
	seen  map[mac]Claim // what was read in this run
	file  *os.File
	w     *bufio.Writer
}

type mac [16]byte

// A Claim is what a book remembers of one natural key when the event is in the log.
type Claim struct {
	natural  mac
	content  mac
	version  int
	replaces int  // the version that this one replaced, 0 for none
	gone     bool // withdrawn
}

const bookTitle = "muster-ids-1 "

// ErrBook says that a file is not a book, or is damaged.
var ErrBook = errors.New("sheets: not a file of ids")

// OpenBook reads the book at a path, or begins a new one if there is none. A last line
// without an end is the rest of a crash, and is cut off.
func OpenBook(path string) (*Book, error) {
	b := &Book{path: path, key: make([]byte, 32), known: map[mac]Claim{}, seen: map[mac]Claim{}}
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

func (b *Book) read(f *os.File) error {
	r := bufio.NewReader(f)
	title, err := r.ReadString('\n')
	key, ok := strings.CutPrefix(strings.TrimSuffix(title, "\n"), bookTitle)
	if n, bad := hex.Decode(b.key, []byte(key[:min(64, len(key))])); err != nil || !ok || len(key) != 64 || bad != nil || n != 32 {
		return ErrBook
	}
	good := int64(len(title))
	for {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // a line without an end was cut off by a crash
		}
		if err != nil {
			return err
		}
		c, err := parseClaim(line)
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

func parseClaim(line string) (c Claim, err error) {
	var natural, content []byte
	var state string
	if _, err := fmt.Sscanf(line, "%x %d %d %x %s\n", &natural, &c.version, &c.replaces, &content, &state); err != nil ||
		len(natural) != len(c.natural) || len(content) != len(c.content) || c.version < 1 || c.replaces >= c.version || state != "sent" && state != "gone" {
		return c, fmt.Errorf("%w: line of %d bytes", ErrBook, len(line))
	}
	c.natural, c.content, c.gone = mac(natural), mac(content), state == "gone"
	return c, nil
}

// Keep remembers that an event is in the log. It is on the disk after [Book.Close].
func (b *Book) Keep(c Claim) error {
	if c.version == 0 || b.known[c.natural] == c {
		return nil
	}
	if b.file == nil {
		f, err := os.OpenFile(b.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		b.file, b.w = f, bufio.NewWriter(f)
		fmt.Fprintf(b.w, "%s%x\n", bookTitle, b.key)
	}
	b.known[c.natural] = c
	state := "sent"
	if c.gone {
		state = "gone"
	}
	_, err := fmt.Fprintf(b.w, "%x %d %d %x %s\n", c.natural, c.version, c.replaces, c.content, state)
	return err
}

// Flush gives what was kept to the operating system.
func (b *Book) Flush() error {
	if b.w == nil {
		return nil
	}
	return b.w.Flush()
}

// Close writes what was kept to the disk and closes the file.
func (b *Book) Close() error {
	if b.file == nil {
		return nil
	}
	return errors.Join(b.w.Flush(), b.file.Sync(), b.file.Close())
}

// sum returns the first half of the HMAC-SHA256 of parts, each with its length before it.
// A nil key makes it a hash that anybody can compute.
func sum(key []byte, parts ...[]byte) mac {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write(p)
	}
	return mac(h.Sum(nil))
}

// claim returns the version as which content under a natural key is to be sent.
func (b *Book) claim(natural []byte, content []byte) Claim {
	c := Claim{natural: sum(b.key, []byte("natural"), natural), content: sum(b.key, []byte("content"), content), version: 1}
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

// clash reports whether other content came under the same natural key in this run.
func (b *Book) clash(c Claim) bool {
	first, again := b.seen[c.natural]
	if !again {
		b.seen[c.natural] = c
	}
	return again && first.content != c.content
}

// hashed returns the id for a natural key. The id of a personal key can be computed only
// with the key of the book.
func (b *Book) hashed(name string, natural []byte, personal bool) string {
	var key []byte
	if personal {
		key = b.key
	}
	m := sum(key, []byte("id"), natural)
	return name + "-" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(m[:10]))
}

// versioned returns the id of a version, whose first version has the id base.
func versioned(base string, version int) string {
	if version <= 1 {
		return base
	}
	return fmt.Sprintf("%s.%d", base, version)
}

// join encodes the parts of a natural key, each with its length before it.
func join(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		b.Write(binary.AppendUvarint(nil, uint64(len(p))))
		b.WriteString(p)
	}
	return b.Bytes()
}
