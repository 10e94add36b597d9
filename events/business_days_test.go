package events_test

import (
	"testing"

	"github.com/muster-works/muster/events"
)

func TestBusinessDays(t *testing.T) {
	for _, c := range []struct {
		name        string
		data        events.Data
		first, last string
	}{
		{"a day", &events.PostClosed{On: day("2022-05-09")}, "2022-05-09", "2022-05-09"},
		{"a daily sheet", &events.AttendanceReported{Date: day("2022-05-09")}, "2022-05-09", "2022-05-09"},
		{"a month", &events.AttendanceReported{Month: month("2024-02")}, "2024-02-01", "2024-02-29"},
		{"the last month of a year", &events.PaymentInstructed{Month: month("2022-12")}, "2022-12-01", "2022-12-31"},
		{"a year", &events.FundAllocated{Year: 2022}, "2022-01-01", "2022-12-31"},
		{"no date", &events.EventWithdrawn{}, "", ""},
		{"a date that is not given", &events.PostClosed{}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if first, last := events.BusinessDays(c.data); first.String() != c.first || last.String() != c.last {
				t.Errorf("from %q to %q, want %q and %q", first, last, c.first, c.last)
			}
		})
	}
}
