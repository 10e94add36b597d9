// Package idnumber checks Chinese citizen identity numbers, as GB 11643-1999 defines
// them. A number has 18 characters: 6 digits for a county, 8 for the birth date, 3
// for a sequence whose last digit is odd for men, and a check character by ISO 7064
// MOD 11-2.
//
// The county is not looked up in a table. A number keeps the code of the place and
// the year it was issued in, so codes that no longer exist are valid. The province is
// checked.
//
// No error of this package quotes the number. All functions are safe for concurrent
// use.
package idnumber

import (
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/civil"
)

var (
	// ErrForm is returned for a text that is not 17 digits followed by a digit or X.
	ErrForm = errors.New("identity number must be 17 digits and a digit or X")
	// ErrBirthDate is returned for a number whose birth date does not exist.
	ErrBirthDate = errors.New("identity number holds a birth date that does not exist")
	// ErrChecksum is returned for a number whose check character does not fit its
	// digits. The usual reason is a mistyped digit.
	ErrChecksum = errors.New("identity number has a wrong check character")
	// ErrProvince is returned for a number whose first two digits belong to no
	// province.
	ErrProvince = errors.New("identity number begins with no province's digits")
)

// A Number holds what an identity number says about its holder.
type Number struct {
	Birth  civil.Date
	Female bool
}

// Parse checks the identity number s and returns what it says. The error is one of
// those above, possibly wrapped. It never quotes the number.
func Parse(s string) (Number, error) {
	if len(s) != 18 {
		return Number{}, fmt.Errorf("%w, not %d characters", ErrForm, len(s))
	}
	sum, weight := 0, 1
	for i := 17; i >= 0; i-- {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			sum += weight * int(c-'0')
		case i == 17 && (c == 'X' || c == 'x'):
			sum += weight * 10
		default:
			return Number{}, ErrForm
		}
		weight = weight * 2 % 11
	}
	if s[0] < '1' || s[0] > '9' || !provinces[(s[0]-'0')*10+s[1]-'0'] {
		return Number{}, ErrProvince
	}
	birth, err := civil.ParseDate(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
	if err != nil {
		return Number{}, ErrBirthDate
	}
	if sum%11 != 1 {
		return Number{}, ErrChecksum
	}
	return Number{Birth: birth, Female: (s[16]-'0')%2 == 0}, nil
}

// Canonical returns the form in which a number is compared and stored: with an
// upper-case X as check character. The number must be one that Parse accepts.
func Canonical(s string) string {
	if len(s) == 18 && s[17] == 'x' {
		return s[:17] + "X"
	}
	return s
}

// Check returns the check character for the first 17 digits of a number. It panics if
// digits is shorter.
func Check(digits string) byte {
	sum, weight := 0, 2
	for i := 16; i >= 0; i-- {
		sum += weight * int(digits[i]-'0')
		weight = weight * 2 % 11
	}
	return "10X98765432"[sum%11]
}

// provinces reports which first two digits are in use: those of the provinces by GB/T
// 2260, and 81 to 83 for residents of Hong Kong, Macao and Taiwan with a mainland
// residence permit.
var provinces = func() (p [100]bool) {
	for _, n := range []int{
		11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37,
		41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83,
	} {
		p[n] = true
	}
	return p
}()

// In reports whether s contains a valid identity number. A part of a longer run of
// digits does not count. In is used to refuse identity numbers in fields that are not
// meant for them.
func In(s string) bool {
	for i := 0; i+18 <= len(s); {
		n := 0
		for i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '9' {
			n++
		}
		switch {
		case n == 18:
		case n == 17 && i+17 < len(s) && (s[i+17] == 'X' || s[i+17] == 'x'):
		default:
			i += n + 1
			continue
		}
		if _, err := Parse(s[i : i+18]); err == nil {
			return true
		}
		i += 18
	}
	return false
}
