// Package division defines statistical division codes (统计用区划代码) as the National
// Bureau of Statistics of China assigns them, and a table of the divisions that
// exist.
//
// A code has 12 digits in five groups: 2 for the province, 2 for the prefecture, 2
// for the county, 3 for the township, 3 for the village. The code of a division above
// the village ends in zeros. A division therefore contains those whose codes begin
// with its prefix, and figures are rolled up by prefix.
//
// All functions, and a [Table], are safe for concurrent use.
package division

import (
	"fmt"
	"strings"
)

// A Code is a division code of 12 digits. [Code.Valid] reports whether it has the
// right form, and a [Table] reports whether it exists. The methods of an invalid Code
// other than Valid may panic.
type Code string

// A Level is the depth of a division: 1 is a province, 5 is a village.
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

// Everywhere is the prefix of an agency that answers for all divisions, where an empty
// prefix would say that nothing is known of its divisions. No code begins with it.
// [LevelOfPrefix] ranks it with the provinces, which no division lies above.
const Everywhere = "00"

// ParseLevel returns the level with an English name, such as "county".
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

// Valid reports whether c has 12 digits and does not begin with 00.
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

// LevelOfPrefix returns the level of the division that a prefix stands for: the widest one
// whose prefixes are at least as long.
func LevelOfPrefix(prefix string) Level {
	for l := Province; l < Village; l++ {
		if len(prefix) <= widths[l] {
			return l
		}
	}
	return Village
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

// At returns the division of the given level that contains c. If c lies above that
// level, At returns c.
func (c Code) At(l Level) Code {
	w := widths[l]
	if string(c[w:]) == zeros[w:] {
		return c
	}
	return c[:w] + Code(zeros[w:])
}

// Prefix returns the digits that c has in common with all divisions that it contains.
func (c Code) Prefix() string { return string(c[:widths[c.Level()]]) }

// Under reports whether c is the division with the given prefix or full code, or lies
// in it. Every code lies under the empty prefix.
func (c Code) Under(prefix string) bool { return strings.HasPrefix(string(c), Trim(prefix)) }

// Trim returns the prefix of a full code. It returns any other text unchanged.
func Trim(prefix string) string {
	if c := Code(prefix); c.Valid() {
		return c.Prefix()
	}
	return prefix
}

// OfPrefix returns the full code of the division with a prefix of at most 12 digits. The code of the
// empty prefix is empty.
func OfPrefix(prefix string) Code {
	if prefix == "" {
		return ""
	}
	return Code(prefix + zeros[len(prefix):])
}

// ParsePrefix checks the prefix of a division as a query gives it: 0, 2, 4, 6, 9 or
// 12 digits. It returns the prefix without trailing zeros, as [Trim] does.
func ParsePrefix(s string) (string, error) {
	switch len(s) {
	case 0, 2, 4, 6, 9, 12:
		if strings.Trim(s, "0123456789") == "" {
			return Trim(s), nil
		}
	}
	return "", fmt.Errorf("division %q: want a prefix of 2, 4, 6 or 9 digits, or all 12", s)
}
