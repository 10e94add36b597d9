package simulate

import (
	"time"

	"github.com/muster-works/muster/events/civil"
)

// An instant is one of the two times a day at which submissions are delivered. Its
// value is 2 × days since the first day, plus 1 in the evening.
type instant int32

// zone is the time zone of the programme. It has had no summer time since 1991.
var zone = time.FixedZone("UTC+8", 8*3600)

// timeOf returns the time of an instant.
func (w *world) timeOf(at instant) time.Time {
	return w.start.Add(time.Duration(at/2)*24*time.Hour + time.Duration(at%2)*6*time.Hour)
}

// instantOf returns the first instant of a day, and instant 0 for days before the
// period.
func (w *world) instantOf(d civil.Date) instant { return max(0, instant(2*(d-w.cfg.From))) }

// dayOf returns the day of an instant.
func (w *world) dayOf(at instant) civil.Date { return w.cfg.From + civil.Date(at/2) }

// holidays are those of 2022 as the State Council announced them
// (国办发明电〔2021〕11号); makeUpDays are worked instead. Other years have weekends only.
var (
	holidays = [...][2]string{
		{"2022-01-01", "2022-01-03"}, {"2022-01-31", "2022-02-06"}, {"2022-04-03", "2022-04-05"}, {"2022-04-30", "2022-05-04"},
		{"2022-06-03", "2022-06-05"}, {"2022-09-10", "2022-09-12"}, {"2022-10-01", "2022-10-07"},
	}
	makeUpDays = [...]string{"2022-01-29", "2022-01-30", "2022-04-02", "2022-04-24", "2022-05-07", "2022-10-08", "2022-10-09"}
)

// workday reports whether d is a working day.
func workday(d civil.Date) bool {
	for _, s := range makeUpDays {
		if d == civil.MustDate(s) {
			return true
		}
	}
	for _, h := range holidays {
		if d >= civil.MustDate(h[0]) && d <= civil.MustDate(h[1]) {
			return false
		}
	}
	weekday := (d - 1) % 7 // 0001-01-01 was a Monday
	return weekday < 5
}

// A calendarMonth is a month of the simulated period, with the marks of a person who
// was present on each working day.
type calendarMonth struct {
	month       civil.Month
	first, next civil.Date
	full        string
	days        int // number of working days
}

// buildMonths makes the months of the period.
func (w *world) buildMonths() {
	for m := w.cfg.From.Month(); m.First() < w.cfg.Until; m++ {
		c := calendarMonth{month: m, first: m.First(), next: (m + 1).First()}
		marks := make([]byte, 0, 31)
		for d := c.first; d < c.next; d++ {
			switch {
			case d < w.cfg.From || d >= w.cfg.Until:
				marks = append(marks, '-')
			case workday(d):
				marks = append(marks, 'P')
				c.days++
			default:
				marks = append(marks, '.')
			}
		}
		c.full = string(marks)
		w.months = append(w.months, c)
	}
}
