// Package division holds statistical division codes and a table of them.
//
// A code has 12 digits, 2-2-2-3-3: province, prefecture, county, township,
// village. Higher levels end in zeros, so a code rolls up by its prefix. The
// rule is that of the National Bureau of Statistics (统计用区划代码).
package division

import (
	"fmt"
	"strings"
)

// A Code is a division code. Valid says whether it has the form of one; a
// [Table] says whether it exists.
type Code string

// A Level is how deep a division lies: 1 a province, 5 a village.
type Level int

// The levels, from the widest to the narrowest.
const (
	Province Level = 1 + iota
	Prefecture
	County
	Township
	Village
)

var (
	names  = [...]string{"", "province", "prefecture", "county", "township", "village"}
	widths = [...]int{0, 2, 4, 6, 9, 12}
)

const zeros = "000000000000"

// ParseLevel reads the English name of a level.
func ParseLevel(s string) (Level, error) {
	for l, name := range names {
		if l > 0 && name == s {
			return Level(l), nil
		}
	}
	return 0, fmt.Errorf("level %q: want province, prefecture, county, township or village", s)
}

func (l Level) String() string {
	if l < 0 || int(l) >= len(names) {
		return "unknown"
	}
	return names[l]
}

// Valid says whether c is 12 digits that do not begin with 00.
func (c Code) Valid() bool {
	if len(c) != 12 || c[:2] == "00" {
		return false
	}
	for i := range len(c) {
		if c[i]-'0' > 9 {
			return false
		}
	}
	return true
}

// Level returns the level of a valid code.
func (c Code) Level() Level {
	for l := Province; l < Village; l++ {
		if string(c[widths[l]:]) == zeros[widths[l]:] {
			return l
		}
	}
	return Village
}

// At returns the division of the given level that c lies in. A code above that
// level is returned as it is.
func (c Code) At(l Level) Code {
	w := widths[l]
	if string(c[w:]) == zeros[w:] {
		return c
	}
	return c[:w] + Code(zeros[w:])
}

// Prefix returns the digits that c shares with all divisions under it.
func (c Code) Prefix() string { return string(c[:widths[c.Level()]]) }

// Under says whether c lies in the division with the given prefix (or full
// code), or is it. The empty prefix holds everything.
func (c Code) Under(prefix string) bool { return strings.HasPrefix(string(c), Trim(prefix)) }

// Trim turns a full code into its prefix and leaves a prefix as it is.
func Trim(prefix string) string {
	if c := Code(prefix); c.Valid() {
		return c.Prefix()
	}
	return prefix
}

// ParsePrefix checks a prefix as queries give it: empty, 2, 4, 6, 9 or 12
// digits. It returns it trimmed.
func ParsePrefix(s string) (string, error) {
	switch len(s) {
	case 0, 2, 4, 6, 9, 12:
		if strings.Trim(s, "0123456789") == "" {
			return Trim(s), nil
		}
	}
	return "", fmt.Errorf("division %q: want a prefix of 2, 4, 6 or 9 digits, or all 12", s)
}
