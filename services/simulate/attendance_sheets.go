package simulate

import (
	"bytes"

	"github.com/muster-works/muster/events/civil"
)

// A sheetRef identifies the attendance sheet of a post and month: 64 × post + month.
type sheetRef int32

const sheetMonths = 64

func (r sheetRef) post() int  { return int(r / sheetMonths) }
func (r sheetRef) month() int { return int(r % sheetMonths) }

// An attendanceSheet says who is on a sheet and when it is delivered. What is drawn
// about a sheet comes from a generator of its own, so that the sheet need not be kept.
type attendanceSheet struct {
	ref         sheetRef
	people      []int32 // placements with a day in the month; empty if there is no sheet
	imperfect   int32   // placement that misses a day for certain; -1 is none
	at          instant // instant of the delivery
	corrected   instant // instant of a corrected delivery; 0 is never
	overseen    bool    // the prefecture corrects it, in place of the county
	resubmitted instant // instant of an equal delivery under a new id; 0 is never
	wrongLine   int     // line with the error in the first delivery
	wrongDay    int     // day that the error calls absent, from 0
	inspected   bool    // an inspector reports that day in place of the correction
}

// drawSheet draws the sheet of a post and month. It reuses the memory of people.
func (w *world) drawSheet(ref sheetRef, people []int32) attendanceSheet {
	p, m := &w.posts[ref.post()], &w.months[ref.month()]
	s := attendanceSheet{ref: ref, people: people[:0], imperfect: -1}
	d := w.random(forSheet, int(ref))
	due := w.cfg.Policy.Attendance.DueDay
	if d.chance(onTime) {
		s.at = w.instantOf(m.next) + instant(d.intn(2*due))
	} else {
		days := pick(lateDelays, d.float())
		s.at = w.instantOf(m.next) + instant(2*(due-1+d.between(days[0], days[1]))+d.intn(2))
	}
	for i := p.people[0]; i < p.people[1]; i++ {
		if w.placements[i].overlaps(m.first, m.next) && !w.placements[i].isSuspended(ref.month()) {
			s.people = append(s.people, i)
			s.at = max(s.at, w.placements[i].hired) // each person on a sheet is known
		}
	}
	if len(s.people) == 0 {
		return s
	}
	// In a larger team one person misses a day at least every third month, unless the post is
	// one on which nobody ever misses a day.
	if len(s.people) >= 5 && !p.fullAttendance && (int(ref)+ref.post())%3 == 0 {
		s.imperfect = s.people[d.intn(len(s.people))]
	}
	switch u := d.float(); {
	case u < correctedSheets:
		w.introduceError(&s, &d)
	case u < correctedSheets+2*againShare:
		s.resubmitted = s.at + instant(d.between(1, 20))
	}
	return s
}

// introduceError puts an error into the first delivery of a sheet: a day present is
// called absent. The correction comes before the month is paid. For some sheets there is no
// correction: an inspector who was on site reports the day, so that the day is disputed.
func (w *world) introduceError(s *attendanceSheet, d *random) {
	c := &w.counties[w.posts[s.ref.post()].county]
	s.wrongLine = d.intn(len(s.people))
	wait := instant(d.between(1, 8))
	paid, ok := c.runPaying(s.ref.month(), s.at)
	if !ok || s.at+1 >= c.runs[paid].at {
		return
	}
	var buf [31]byte
	marks := w.marks(buf[:0], s.people[s.wrongLine], s.ref.month(), s.people[s.wrongLine] == s.imperfect)
	if s.wrongDay = bytes.IndexByte(marks, 'P'); s.wrongDay >= 0 {
		s.corrected = min(s.at+wait, c.runs[paid].at-1)
		s.inspected = d.chance(inspectedErrors)
		s.overseen = d.chance(overseenSheets)
	}
}

// marks appends what a person did in a month, one letter for each day.
func (w *world) marks(b []byte, placement int32, month int, imperfect bool) []byte {
	p, m := &w.placements[placement], &w.months[month]
	b = append(b, m.full...)
	d := w.random(forMarks, int(placement)*sheetMonths+month)
	class := d.float()
	switch {
	case w.posts[w.seats[p.seat].post].fullAttendance:
	case imperfect || class >= .912 && class < .980:
		for range d.between(1, 6) {
			if day := d.intn(len(b)); b[day] == 'P' {
				b[day] = "LLHA"[d.intn(4)]
			}
		}
		if imperfect {
			markLeave(b, &d)
		}
	case class >= .980:
		away := "AL"[boolIndex(d.chance(.4))]
		for i := range b {
			if b[i] == 'P' {
				b[i] = away
			}
		}
	}
	if !p.covers(m.first) || !p.covers(m.next-1) {
		for i := range b {
			if !p.covers(m.first + civil.Date(i)) {
				b[i] = '-'
			}
		}
	}
	return b
}

// markLeave turns one day present into leave.
func markLeave(b []byte, d *random) {
	for i, n := d.intn(len(b)), 0; n < len(b); n++ {
		if day := (i + n) % len(b); b[day] == 'P' {
			b[day] = 'L'
			return
		}
	}
}
