package question

import (
	"fmt"
	"strconv"
	"strings"
)

// A Percent is hundredths of a per cent; it prints as a number with two
// decimals.
type Percent int

// PercentOf returns 100 × part ÷ whole, rounded half up to two decimals. It is 0 if
// whole is 0 or less.
func PercentOf(part, whole int) Percent {
	if whole <= 0 {
		return 0
	}
	return Percent((20000*part + whole) / (2 * whole))
}

// String returns the number with two decimals.
func (p Percent) String() string {
	s := strconv.Itoa(int(p))
	if len(s) < 3 {
		s = strings.Repeat("0", 3-len(s)) + s
	}
	return s[:len(s)-2] + "." + s[len(s)-2:]
}

// MarshalJSON writes a number, not a string.
func (p Percent) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Percent) UnmarshalJSON(b []byte) error {
	whole, part, _ := strings.Cut(string(b), ".")
	n, err := strconv.Atoi(whole + part)
	if err != nil || len(part) != 2 {
		return fmt.Errorf("per cent %s: want a number with two decimals", b)
	}
	*p = Percent(n)
	return nil
}

// Mean returns sum ÷ n, rounded half up to two decimals. It is 0 if n is 0.
func Mean(sum, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64((200*sum+n)/(2*n)) / 100
}
