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

	"github.com/muster-works/muster/events/civil"
)

//go:embed divisions-37.csv.gz
var shandong []byte

// A Table is a list of divisions, with their codes and names: one edition, as [Load] reads it, or
// what several editions say together, see [Table.With]. A Table never changes and is safe for
// concurrent use.
type Table struct {
	names map[Code]string
	codes []Code
	dated map[Code][]Statement // of the codes that do not hold always under one name, by ValidFrom
}

// Shandong returns the embedded table of the 64,095 divisions of Shandong, from the
// 2022/23 edition of the National Bureau of Statistics.
func Shandong() (*Table, error) { return Load(bytes.NewReader(shandong)) }

// Load reads a table: CSV in UTF-8, plain or compressed by gzip, with the header
// code,level,name, or code,level,name,valid_from,valid_to,successor, see [Statement]; the days are
// YYYY-MM-DD and may be empty. It refuses a malformed or repeated code, a level that does not fit
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
	lines.ReuseRecord = true
	header, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("division table: header: %w", err)
	}
	if h := strings.TrimPrefix(strings.Join(header, ","), "\ufeff"); h != shortHeader && h != longHeader {
		return nil, fmt.Errorf("division table: header %q, want %s or %s", h, shortHeader, longHeader)
	}
	dated := map[Code][]Statement{}
	t := &Table{names: make(map[Code]string)}
	for {
		f, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("division table: %w", err)
		}
		if err := t.addLine(f, dated); err != nil {
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("division table: line %d: %w", line, err)
		}
	}
	t.date(dated)
	slices.Sort(t.codes)
	for _, c := range t.codes {
		if l := c.Level(); l > Province && !t.Has(c.At(l-1)) && t.names[c.At(Province)] != "" {
			return nil, fmt.Errorf("division table: %s lies in %s, which is missing", c, c.At(l-1))
		}
	}
	return t, nil
}

// The headers that a table may have.
const (
	shortHeader = "code,level,name"
	longHeader  = shortHeader + ",valid_from,valid_to,successor"
)

// addLine adds what a line says. What it says of days is left in dated.
func (t *Table) addLine(f []string, dated map[Code][]Statement) error {
	code := Code(strings.Clone(f[0]))
	if len(f) == 3 || f[3] == "" && f[4] == "" && f[5] == "" && dated[code] == nil {
		return t.add(code, f[1], strings.Clone(f[2]))
	}
	s := Statement{Code: code, Name: strings.Clone(f[2]), Successor: Code(strings.Clone(f[5]))}
	var err error
	if s.ValidFrom, err = optionalDate(f[3]); err != nil {
		return fmt.Errorf("valid_from: %w", err)
	}
	if s.ValidTo, err = optionalDate(f[4]); err != nil {
		return fmt.Errorf("valid_to: %w", err)
	}
	said := dated[code]
	switch {
	case s.ValidTo != 0 && s.ValidTo <= s.ValidFrom:
		return fmt.Errorf("code %s: valid_to is the first day on which it no longer holds, and must lie after valid_from", code)
	case s.Successor != "" && (!s.Successor.Valid() || s.Successor == code):
		return fmt.Errorf("code %s: successor %q: want another code of 12 digits", code, s.Successor)
	case slices.ContainsFunc(said, func(o Statement) bool { return o.ValidFrom == s.ValidFrom }):
		return fmt.Errorf("code %s stands twice from the same day", code)
	case said == nil:
		if err := t.add(code, f[1], s.Name); err != nil {
			return err
		}
	case s.Name == "":
		return fmt.Errorf("code %s has no name", code)
	}
	dated[code] = append(said, s)
	return nil
}

// date adds statements of the days of codes.
func (t *Table) date(dated map[Code][]Statement) {
	for code, said := range dated {
		slices.SortFunc(said, func(a, b Statement) int { return int(a.ValidFrom - b.ValidFrom) })
		t.names[code] = said[len(said)-1].Name
	}
	if len(dated) > 0 {
		t.dated = dated
	}
}

func optionalDate(s string) (civil.Date, error) {
	if s == "" {
		return 0, nil
	}
	return civil.ParseDate(s)
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

// Has reports whether c exists, or has existed at any time.
func (t *Table) Has(c Code) bool { _, ok := t.names[c]; return ok }

// Name returns the last name of c, or "" if c never existed.
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
