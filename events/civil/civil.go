// Package civil defines civil dates and months, the units of time of the programme's
// business.
//
// A civil date is a day on the calendar, not an instant: it has no time zone, and
// adding days or months never shifts it. The calendar is the proleptic Gregorian
// calendar. The parsers accept the years 1900 to 2199; other years are taken for
// mistakes. The zero Date and the zero Month mean that no date or month is given.
//
// Dates and months are integers and compare with < and >. All functions are safe for
// concurrent use.
package civil

import (
	"fmt"
	"time"
)

// A Date is a civil date, as the number of days since 0000-12-31: 0001-01-01 is 1.
// The zero Date means that no date is given. Dates compare with < and >, and d+1 is
// the next day.
type Date int32

// A Month is a calendar month: 12 × year + month − 1, with January as month 1. The
// zero Month means that no month is given. Months compare with < and >, and m+1 is
// the next month.
type Month int32

const (
	minYear, maxYear = 1900, 2199
	epoch            = 719163 // the Date of 1970-01-01
)

// On returns the date of a year, month and day. Values outside their usual range are
// normalized as by time.Date: the 32nd of January is the 1st of February.
func On(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400 + epoch)
}

// ParseDate parses a date in the form YYYY-MM-DD. It returns an error if the date
// does not exist, or lies outside the years 1900 to 2199.
func ParseDate(s string) (Date, error) {
	bad := func(why string) (Date, error) { return 0, fmt.Errorf("date %q %s, want YYYY-MM-DD", s, why) }
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return bad("is malformed")
	}
	y, ok1 := digits(s[0:4])
	m, ok2 := digits(s[5:7])
	d, ok3 := digits(s[8:10])
	switch {
	case !ok1 || !ok2 || !ok3:
		return bad("is malformed")
	case y < minYear || y > maxYear:
		return bad("lies outside the years 1900 to 2199")
	case m < 1 || m > 12 || d < 1 || d > daysIn(y, m):
		return bad("does not exist")
	}
	return day(y, m, d), nil
}

// MustDate is like [ParseDate] but panics if s is not a date. It is for constants and
// tests.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// DateIn returns the civil date of the instant t in the time zone loc.
func DateIn(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return On(y, m, d)
}

// Start returns the instant at which the day d begins in the time zone loc.
func (d Date) Start(loc *time.Location) time.Time {
	y, m, day := d.Split()
	return time.Date(y, m, day, 0, 0, 0, 0, loc)
}

// Split returns the year, month and day of d.
func (d Date) Split() (year int, month time.Month, day int) {
	return time.Unix(int64(d-epoch)*86400, 0).UTC().Date()
}

// Month returns the month of d.
func (d Date) Month() Month {
	y, m, _ := d.Split()
	return MonthOf(y, m)
}

// Day returns the day of the month, 1 to 31.
func (d Date) Day() int {
	_, _, day := d.Split()
	return day
}

// AddMonths returns the same day of the month n months later. If that month is too
// short, it returns the last day of that month. A negative n counts back.
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Split()
	to := MonthOf(y, m) + Month(n)
	return to.First() + Date(min(day, to.Days())-1)
}

// MonthsUntil returns the whole months from d until another day, and the days that are left.
// Both are 0 if until lies before d.
func (d Date) MonthsUntil(until Date) (months, days int) {
	if until <= d {
		return 0, 0
	}
	months = int(until.Month() - d.Month())
	for months > 0 && d.AddMonths(months) > until {
		months--
	}
	return months, int(until - d.AddMonths(months))
}

// Years returns the number of completed years from d to on: the age on a day of a
// person born on d.
func (d Date) Years(on Date) int {
	y1, m1, d1 := d.Split()
	y2, m2, d2 := on.Split()
	n := y2 - y1
	if m2 < m1 || m2 == m1 && d2 < d1 {
		n--
	}
	return n
}

// String returns the date in the form YYYY-MM-DD, or "" for the zero Date.
func (d Date) String() string { b, _ := d.AppendText(nil); return string(b) }

// AppendText appends the result of [Date.String] to b. It implements
// [encoding.TextAppender] and never fails.
func (d Date) AppendText(b []byte) ([]byte, error) {
	if d == 0 {
		return b, nil
	}
	y, m, day := d.Split()
	b = appendPadded(b, y, 4)
	b = append(b, '-')
	b = appendPadded(b, int(m), 2)
	b = append(b, '-')
	return appendPadded(b, day, 2), nil
}

// MarshalText implements [encoding.TextMarshaler]. It never fails.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] by [ParseDate].
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}

// MonthOf returns the Month of a year and a month.
func MonthOf(year int, month time.Month) Month { return Month(12*year + int(month) - 1) }

// ParseMonth parses a month in the form YYYY-MM, in the years 1900 to 2199.
func ParseMonth(s string) (Month, error) {
	y, ok1, m, ok2 := 0, false, 0, false
	if len(s) == 7 && s[4] == '-' {
		y, ok1 = digits(s[0:4])
		m, ok2 = digits(s[5:7])
	}
	if !ok1 || !ok2 || y < minYear || y > maxYear || m < 1 || m > 12 {
		return 0, fmt.Errorf("month %q does not exist, want YYYY-MM", s)
	}
	return MonthOf(y, time.Month(m)), nil
}

// MustMonth is like [ParseMonth] but panics if s is not a month. It is for constants
// and tests.
func MustMonth(s string) Month {
	m, err := ParseMonth(s)
	if err != nil {
		panic(err)
	}
	return m
}

// First returns the first day of m.
func (m Month) First() Date { return On(int(m/12), time.Month(m%12)+1, 1) }

// Days returns the number of days of m, 28 to 31.
func (m Month) Days() int { return daysIn(int(m/12), int(m%12)+1) }

// Year returns the year of m.
func (m Month) Year() int { return int(m / 12) }

// String returns the month in the form YYYY-MM, or "" for the zero Month.
func (m Month) String() string { b, _ := m.AppendText(nil); return string(b) }

// AppendText appends the result of [Month.String] to b. It implements
// [encoding.TextAppender] and never fails.
func (m Month) AppendText(b []byte) ([]byte, error) {
	if m == 0 {
		return b, nil
	}
	b = appendPadded(b, int(m/12), 4)
	b = append(b, '-')
	return appendPadded(b, int(m%12)+1, 2), nil
}

// MarshalText implements [encoding.TextMarshaler]. It never fails.
func (m Month) MarshalText() ([]byte, error) { return m.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] by [ParseMonth].
func (m *Month) UnmarshalText(b []byte) (err error) {
	*m, err = ParseMonth(string(b))
	return err
}

// day returns the Date of a day that exists. It is faster than On.
func day(year, month, day int) Date {
	y := year - 1
	n := 365*y + y/4 - y/100 + y/400 + before[month-1] + day
	if month > 2 && leap(year) {
		n++
	}
	return Date(n)
}

// before holds, for each month, the number of days of the year before it, in a year
// that is not a leap year.
var before = [12]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

func appendPadded(b []byte, n, width int) []byte {
	for d := pow10(width - 1); d > 0; d /= 10 {
		b = append(b, byte('0'+n/d%10))
	}
	return b
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
