package civil

import (
	"testing"
	"time"
)

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2022-05-10", "2024-02-29", "1900-01-01", "2199-12-31", "2023-02-29", "0000-00-00", "２０２２-05-10", "2022-05-10Z", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		when, timeErr := time.Parse(time.DateOnly, s)
		exists := timeErr == nil && when.Year() >= minYear && when.Year() <= maxYear
		if (err == nil) != exists {
			t.Fatalf("ParseDate(%q) = %v, %v; package time says %v, %v", s, d, err, when, timeErr)
		}
		if err != nil && d != 0 {
			t.Errorf("ParseDate(%q) = %d beside an error", s, d)
		}
		if err == nil && (d.String() != s || !d.Start(time.UTC).Equal(when)) {
			t.Errorf("ParseDate(%q) prints %s and is %v", s, d, d.Start(time.UTC))
		}
	})
}

func FuzzParseMonth(f *testing.F) {
	for _, s := range []string{"2022-05", "1900-01", "2199-12", "2022-13", "2022-00", "2022-5", "+022-05", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMonth(s)
		if first, dateErr := ParseDate(s + "-01"); (err == nil) != (dateErr == nil) || err == nil && m.First() != first {
			t.Fatalf("ParseMonth(%q) = %v, %v; its first day is %v, %v", s, m, err, first, dateErr)
		}
		if err == nil && (m.String() != s || m.First().Month() != m || (m.First()+Date(m.Days())).Month() != m+1) {
			t.Errorf("ParseMonth(%q) prints %s, %d days", s, m, m.Days())
		}
	})
}
