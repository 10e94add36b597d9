package civil

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for _, s := range []string{"2022-05-10", "2024-02-29", "2000-02-29", "1900-01-01", "2199-12-31"} {
		d, err := ParseDate(s)
		if err != nil || d.String() != s {
			t.Errorf("ParseDate(%q) = %v, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2022-5-10", "2022-02-30", "2023-02-29", "1900-02-29", "2022-13-01", "2022-00-10", "2022-01-00", "1899-12-31", "2022-05-10T00:00:00Z", "20220510", "２０２２-05-10"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %v, want an error", s, d)
		}
	}
}

func TestParseMonth(t *testing.T) {
	m := MustMonth("2024-02")
	if m.Days() != 29 || m.First().String() != "2024-02-01" || (m+1).String() != "2024-03" || (m-2).String() != "2023-12" {
		t.Errorf("2024-02: %d days, first %v, next %v, before %v", m.Days(), m.First(), m+1, m-2)
	}
	for _, s := range []string{"", "2022", "2022-13", "2022-00", "2022-1", "2022-01-01"} {
		if m, err := ParseMonth(s); err == nil {
			t.Errorf("ParseMonth(%q) = %v, want an error", s, m)
		}
	}
}

func TestArithmetic(t *testing.T) {
	if got := MustDate("2022-01-31").AddMonths(1).String(); got != "2022-02-28" {
		t.Errorf("a month after 31 January: %s", got)
	}
	born := MustDate("1977-05-10")
	if a, b := born.Years(MustDate("2022-05-09")), born.Years(MustDate("2022-05-10")); a != 44 || b != 45 {
		t.Errorf("age around the birthday: %d, %d", a, b)
	}
	shanghai := time.FixedZone("CST", 8*3600)
	if got := DateIn(time.Date(2022, 5, 9, 16, 0, 0, 0, time.UTC), shanghai).String(); got != "2022-05-10" {
		t.Errorf("16:00 UTC in Shanghai: %s", got)
	}
}

// Goal: dates agree with package time.
// Method: every day of the years 1900 to 2199 is printed and parsed.
func TestDateAgreesWithTime(t *testing.T) {
	for d := MustDate("1900-01-01"); d <= MustDate("2199-12-31"); d++ {
		if want := d.Start(time.UTC).Format(time.DateOnly); d.String() != want {
			t.Fatalf("%d prints %s, time says %s", d, d, want)
		}
		if back := MustDate(d.String()); back != d {
			t.Fatalf("%v came back as %v", d, back)
		}
		if d.Month().First()+Date(d.Day()-1) != d {
			t.Fatalf("%v: month %v and day %d do not add up", d, d.Month(), d.Day())
		}
	}
}

func TestMonthsUntil(t *testing.T) {
	for _, c := range []struct {
		name, from, until string
		months, days      int
	}{
		{"the same day", "2022-05-02", "2022-05-02", 0, 0},
		{"a day before", "2022-05-02", "2022-05-01", 0, 0},
		{"years before", "2022-05-02", "2020-05-01", 0, 0},
		{"less than a month", "2022-05-02", "2022-06-01", 0, 30},
		{"a month", "2022-05-02", "2022-06-02", 1, 0},
		{"three years and a day", "2022-05-02", "2025-05-03", 36, 1},
		{"a day short of three years", "2022-05-02", "2025-05-01", 35, 29},
		{"from the 31st", "2022-01-31", "2022-02-28", 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if months, days := MustDate(c.from).MonthsUntil(MustDate(c.until)); months != c.months || days != c.days {
				t.Errorf("%d months and %d days, want %d and %d", months, days, c.months, c.days)
			}
		})
	}
}
