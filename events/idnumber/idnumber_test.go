package idnumber

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	// The second number is the example in GB 11643-1999.
	for s, want := range map[string]struct {
		birth  string
		female bool
	}{
		"370211196501010014": {"1965-01-01", false},
		"11010519491231002X": {"1949-12-31", true},
		"11010519491231002x": {"1949-12-31", true},
	} {
		n, err := Parse(s)
		if err != nil || n.Birth.String() != want.birth || n.Female != want.female {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", s, n, err, want)
		}
	}
	for s, want := range map[string]error{
		"":                    ErrForm,
		"37021119650101001":   ErrForm,
		"3702111965010100140": ErrForm,
		"37021119650101X014":  ErrForm,
		"370211196501010015":  ErrChecksum,
		"370211196502300011":  ErrBirthDate,
		"990211196501010014":  ErrProvince,
	} {
		_, err := Parse(s)
		if !errors.Is(err, want) {
			t.Errorf("Parse(%q) = %v, want %v", s, err, want)
		}
		if err != nil && s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("error %q quotes the number", err)
		}
	}
}

func TestIn(t *testing.T) {
	for s, want := range map[string]bool{
		"":                        false,
		"370211196501010014":      true,
		"id 370211196501010014.":  true,
		"11010519491231002X,":     true,
		"370211196501010015":      false,
		"1370211196501010014":     false,
		"3702111965010100141":     false,
		"370211102231-001":        false,
		"12 370211196501010014 9": true,
	} {
		if got := In(s); got != want {
			t.Errorf("In(%q) = %v", s, got)
		}
	}
}

// Goal: the checksum catches every wrong digit and every swap of neighbours, as ISO
// 7064 MOD 11-2 promises.
// Method: digits of random numbers are changed and swapped.
func TestChecksumCatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := fmt.Sprintf("37%04d19%02d%02d%02d%03d", rapid.IntRange(0, 9999).Draw(t, "place"), rapid.IntRange(0, 99).Draw(t, "year"),
			rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"), rapid.IntRange(0, 999).Draw(t, "sequence"))
		s += string(Check(s))
		if _, err := Parse(s); err != nil {
			t.Fatalf("Parse(%q): %v", s, err)
		}
		b := []byte(s)
		i := rapid.IntRange(0, 16).Draw(t, "at")
		if d := byte('0' + rapid.IntRange(0, 9).Draw(t, "digit")); d != b[i] {
			b[i] = d
			if _, err := Parse(string(b)); err == nil {
				t.Fatalf("%q accepted for %q", b, s)
			}
		}
		b = []byte(s)
		if j := rapid.IntRange(0, 15).Draw(t, "swap"); b[j] != b[j+1] {
			b[j], b[j+1] = b[j+1], b[j]
			if _, err := Parse(string(b)); err == nil {
				t.Fatalf("%q accepted for %q", b, s)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("370211196501010014")
	f.Add("11010519491231002X")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := Parse(s); err == nil && Check(s[:17]) != Canonical(s)[17] {
			t.Errorf("%q accepted with another check character", s)
		}
	})
}
