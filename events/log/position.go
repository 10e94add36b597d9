package log

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A Position is the place of one event in the log: which commit, and the index
// in it. Positions of one log are totally ordered by Compare. The zero
// Position lies before everything.
//
// What the numbers mean is the driver's affair. Everyone else compares, prints
// and parses them.
type Position struct {
	major, minor uint64
	index        uint32
}

// At makes the position of the first event of a commit. It is for drivers:
// major and minor are whatever orders their commits, and major is not zero.
func At(major, minor uint64) Position { return Position{major: major, minor: minor} }

// Parts returns what At was given. It is for drivers.
func (p Position) Parts() (major, minor uint64) { return p.major, p.minor }

// Event returns the position of the event with index i of p's commit.
func (p Position) Event(i int) Position { p.index = uint32(i); return p }

// Commit returns the position of the first event of p's commit.
func (p Position) Commit() Position { p.index = 0; return p }

// Index returns the index of the event in its commit, from 0.
func (p Position) Index() int { return int(p.index) }

// IsZero says whether p lies before everything.
func (p Position) IsZero() bool { return p == Position{} }

// Compare returns -1, 0 or 1 as p lies before, at or after q.
func (p Position) Compare(q Position) int {
	if c := cmp.Compare(p.major, q.major); c != 0 {
		return c
	}
	if c := cmp.Compare(p.minor, q.minor); c != 0 {
		return c
	}
	return cmp.Compare(p.index, q.index)
}

// Share returns about how much of a log that ends at head lies before p, from 0
// to 1, by what its driver counts in: commits, or bytes. It is for showing
// progress, and nothing else.
func (p Position) Share(head Position) float64 {
	if head.major == 0 {
		return 1
	}
	return min(1, float64(p.major)/float64(head.major))
}

// String prints p as "major-index", or "major.minor-index" where the driver
// uses both; the zero Position is "0-0".
func (p Position) String() string {
	b := strconv.AppendUint(nil, p.major, 10)
	if p.minor != 0 {
		b = append(b, '.')
		b = strconv.AppendUint(b, p.minor, 10)
	}
	b = append(b, '-')
	return string(strconv.AppendUint(b, uint64(p.index), 10))
}

// ParsePosition reads what String printed. The index may be left out and is
// then 0.
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

// MarshalText makes a Position its String in JSON.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePosition.
func (p *Position) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePosition(string(b))
	return err
}
