package log

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A Position is the place of one event in the log: its commit, and its index in the
// commit. Compare orders all positions of a log. The zero Position lies before all
// events.
//
// The numbers in a Position have a meaning only for the driver. All other code
// compares, prints and parses positions.
type Position struct {
	major, minor uint64
	index        uint32
}

// At returns the position of the first event of a commit. Only drivers call it. Major
// and minor are numbers that order the driver's commits, and major is not zero.
func At(major, minor uint64) Position { return Position{major: major, minor: minor} }

// Parts returns the arguments of [At]. Only drivers call it.
func (p Position) Parts() (major, minor uint64) { return p.major, p.minor }

// Event returns the position of the event with index i, from 0, in the commit of p.
func (p Position) Event(i int) Position { p.index = uint32(i); return p }

// Commit returns the position of the first event in the commit of p.
func (p Position) Commit() Position { p.index = 0; return p }

// Index returns the index, from 0, of the event in its commit.
func (p Position) Index() int { return int(p.index) }

// IsZero reports whether p is the zero Position.
func (p Position) IsZero() bool { return p == Position{} }

// Compare returns -1, 0 or 1 if p lies before, at or after q.
func (p Position) Compare(q Position) int {
	if c := cmp.Compare(p.major, q.major); c != 0 {
		return c
	}
	if c := cmp.Compare(p.minor, q.minor); c != 0 {
		return c
	}
	return cmp.Compare(p.index, q.index)
}

// Share estimates which part of a log that ends at head lies before p, from 0 to 1.
// Depending on the driver, it counts commits or bytes. It only serves to show
// progress.
func (p Position) Share(head Position) float64 {
	if head.major == 0 {
		return 1
	}
	return min(1, float64(p.major)/float64(head.major))
}

// String returns p as "major-index", or as "major.minor-index" if the driver uses
// both numbers. The zero Position is "0-0".
func (p Position) String() string {
	b := strconv.AppendUint(nil, p.major, 10)
	if p.minor != 0 {
		b = append(b, '.')
		b = strconv.AppendUint(b, p.minor, 10)
	}
	b = append(b, '-')
	return string(strconv.AppendUint(b, uint64(p.index), 10))
}

// ParsePosition parses the result of [Position.String]. The index is 0 if it is left
// out.
func ParsePosition(s string) (Position, error) {
	bad := fmt.Errorf("position %q: want COMMIT-INDEX as a receipt shows it, such as 17-0", s)
	commit, index, found := strings.Cut(s, "-")
	if !found {
		index = "0"
	}
	major, minor, found := strings.Cut(commit, ".")
	if !found {
		minor = "0"
	}
	var p Position
	var err error
	if p.major, err = strconv.ParseUint(major, 10, 64); err != nil {
		return Position{}, bad
	}
	if p.minor, err = strconv.ParseUint(minor, 10, 64); err != nil {
		return Position{}, bad
	}
	i, err := strconv.ParseUint(index, 10, 32)
	if err != nil {
		return Position{}, bad
	}
	p.index = uint32(i)
	return p, nil
}

// MarshalText returns the result of [Position.String], so that JSON shows it as a
// string.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText parses a position, see [ParsePosition].
func (p *Position) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePosition(string(b))
	return err
}
