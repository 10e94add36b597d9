package events

import "github.com/muster-works/muster/events/civil"

// BusinessDays returns the first and the last day of the business date of a payload, see
// [Data.BusinessDate]: twice the same day for a date, all days of a month or of a year. Both
// are 0 for a payload without a business date.
func BusinessDays(d Data) (first, last civil.Date) {
	switch date := d.BusinessDate(); len(date) {
	case len("2022-05-01"):
		if on, err := civil.ParseDate(date); err == nil {
			return on, on
		}
	case len("2022-05"):
		if m, err := civil.ParseMonth(date); err == nil {
			return m.First(), (m + 1).First() - 1
		}
	case len("2022"):
		if m, err := civil.ParseMonth(date + "-01"); err == nil {
			return m.First(), (m + 12).First() - 1
		}
	}
	return 0, 0
}
