package division

import (
	"bytes"
	"compress/gzip"
	_ "embed" // embeds the table of Shandong
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

//go:embed divisions-37.csv.gz
var shandong []byte

// A Table is one edition of the list of divisions, with their codes and names. A
// Table never changes and is safe for concurrent use.
type Table struct {
	names map[Code]string
	codes []Code
}

// Shandong returns the embedded table of the 64,095 divisions of Shandong, from the
// 2022/23 edition of the National Bureau of Statistics.
func Shandong() (*Table, error) { return Load(bytes.NewReader(shandong)) }

// Load reads a table: CSV in UTF-8, plain or compressed by gzip, with the header
// code,level,name. It refuses a malformed or repeated code, a level that does not fit
// its code, and a division whose parent is missing. The error names the line.
func Load(r io.Reader) (*Table, error) {
	var magic [2]byte
	n, err := io.ReadFull(r, magic[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("division table: %w", err)
	}
	r = io.MultiReader(bytes.NewReader(magic[:n]), r)
	if magic == [2]byte{0x1f, 0x8b} {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("division table: %w", err)
		}
		r = z
	}
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 3
	lines.ReuseRecord = true
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("division table: header: %w", err)
	}
	if h := strings.TrimPrefix(strings.Join(header, ","), "\ufeff"); h != "code,level,name" {
		return nil, fmt.Errorf("division table: header %q, want code,level,name", h)
	}
	t := &Table{names: make(map[Code]string)}
	for {
		f, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("division table: %w", err)
		}
		if err := t.add(Code(strings.Clone(f[0])), f[1], strings.Clone(f[2])); err != nil {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("division table: line %d: %w", line, err)
		}
	}
	slices.Sort(t.codes)
	for _, c := range t.codes {
		if l := c.Level(); l > Province && !t.Has(c.At(l-1)) && t.names[c.At(Province)] != "" {
			return nil, fmt.Errorf("division table: %s lies in %s, which is missing", c, c.At(l-1))
		}
	}
	return t, nil
}

func (t *Table) add(c Code, level, name string) error {
	switch {
	case !c.Valid():
		return fmt.Errorf("code %q: want 12 digits", c)
	case c.Level().String() != level:
		return fmt.Errorf("code %s is a %s by its digits, not a %q", c, c.Level(), level)
	case name == "":
		return fmt.Errorf("code %s has no name", c)
	case t.Has(c):
		return fmt.Errorf("code %s stands twice", c)
	}
	t.names[c] = name
	t.codes = append(t.codes, c)
	return nil
}

// Has reports whether c exists.
func (t *Table) Has(c Code) bool { _, ok := t.names[c]; return ok }

// Name returns the name of c, or "" if c does not exist.
func (t *Table) Name(c Code) string { return t.names[c] }

// Len returns the number of divisions.
func (t *Table) Len() int { return len(t.codes) }

// Under yields the divisions under a prefix in the order of their codes, including
// the division with that prefix itself.
func (t *Table) Under(prefix string) iter.Seq[Code] {
	prefix = Trim(prefix)
	return func(yield func(Code) bool) {
		i, _ := slices.BinarySearch(t.codes, Code(prefix))
		for ; i < len(t.codes) && strings.HasPrefix(string(t.codes[i]), prefix); i++ {
			if !yield(t.codes[i]) {
				return
			}
		}
	}
}
