package simulate

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A payRun pays the people of a county for one month, and what is owed for earlier
// months. It is reported in parts.
type payRun struct {
	month     civil.Month
	at        instant // instant of the instruction
	corrected instant // instant at which one part is replaced; 0 is never
	settled   instant
	returned  instant // instant at which the bank returns what it could not pay
	reversed  instant // instant at which double payments are reversed
}

// arrearsMonths is for how many months after the last one runs pay arrears.
const arrearsMonths = 6

// The kinds of pay lines.
const (
	allowance = iota
	arrears
	insurance
)

var payKinds = [...]string{"", "arrears", "insurance"}

// A payLine is one amount to one person.
type payLine struct {
	placement int32
	amount    int32 // fen
	month     int8  // index of the month in which the amount was earned
	kind      uint8
	returned  bool // the bank will return it
	rejected  bool // the bank will reject it before it credits anything
	inParts   bool // the bank pays a half first and the rest some days later
	duplicate bool // it pays twice, and will be reversed
}

// planPayRuns sets when the pay of a county is instructed, settled, returned and
// reversed.
func (w *world) planPayRuns(county int) {
	c := &w.counties[county]
	pay := w.cfg.Policy.Payment
	last := w.months[len(w.months)-1].month
	for i, m := 0, w.months[0].month; m <= last+arrearsMonths; i, m = i+1, m+1 {
		d := w.random(forRun, county*runMonths+i)
		r := payRun{month: m}
		day := (m + 1).First() + civil.Date(d.between(max(pay.DueDay-8, 1), max(pay.DueDay-4, 1)))
		if d.chance(lateRuns) {
			day += civil.Date(d.between(6, 15))
		}
		r.at = w.soonAfter(&d, day)
		r.settled = r.at + instant(d.between(3, 7))
		r.returned = r.settled + instant(d.between(4, 14))
		r.reversed = r.settled + instant(d.between(4, 20))
		c.runs = append(c.runs, r)
	}
	for p := c.posts[0]; p < c.posts[1]; p++ {
		post := &w.posts[p]
		standard, _ := w.standardIn(c, post.urban, len(w.months)) // the highest one
		c.monthlyFund += events.Fen(standard+insured[boolIndex(post.urban)]) * events.Fen(post.size+post.addedSeats)
	}
}

// runMonths is larger than the number of runs of a county, for indexes of county and
// run.
const runMonths = 128

// insured is what a month of insurance costs in fen, by area: accident insurance in the
// country, social insurance in town.
var insured = [2]int32{1_000, 85_000}

// standard returns the allowance of a full month in fen and the number of days that it
// takes.
func (w *world) standard(c *county, urban bool) (fen int32, days int) {
	days = w.cfg.Policy.Payment.RequiredDays
	if c.requiredDays != 0 && !urban {
		days = int(c.requiredDays)
	}
	return c.standard[boolIndex(urban)], days
}

// standardIn is standard in a month.
func (w *world) standardIn(c *county, urban bool, month int) (fen int32, days int) {
	fen, days = w.standard(c, urban)
	if c.raised != 0 && month >= int(c.raised) {
		fen = fen * raisedPercent / 100
	}
	return fen, days
}

// runPaying returns the run that pays what was earned in a month and reported at an
// instant: the first run at or after the report.
func (c *county) runPaying(month int, at instant) (run int, ok bool) {
	for i := month; i < len(c.runs); i++ {
		if at <= c.runs[i].at {
			return i, true
		}
	}
	return 0, false
}

// payLines computes the lines of a run.
func (w *world) payLines(county, index int) []payLine {
	c := &w.counties[county]
	var lines []payLine
	var people []int32
	if index < len(w.months) {
		for p := c.posts[0]; p < c.posts[1]; p++ {
			s := w.drawSheet(sheetRef(p*sheetMonths+index), people)
			if people = s.people; len(people) > 0 && s.at <= c.runs[index].at {
				lines = w.addPay(lines, &s, allowance)
			}
		}
	}
	for _, ref := range w.arrears[county*runMonths+index] {
		s := w.drawSheet(ref, people)
		people = s.people
		lines = w.addPay(lines, &s, arrears)
	}
	if index > 0 && index <= len(w.months) {
		lines = w.addReturnedPay(lines, county, index-1)
	}
	return lines
}

// addPay appends the lines for what the people on a sheet have earned.
func (w *world) addPay(lines []payLine, s *attendanceSheet, kind uint8) []payLine {
	post := &w.posts[s.ref.post()]
	month := s.ref.month()
	for _, i := range s.people {
		p := &w.placements[i]
		if fen := w.earned(i, month, i == s.imperfect); fen > 0 {
			l := payLine{placement: i, amount: fen, month: int8(month), kind: kind}
			if kind == allowance && int(p.cardMonth) == month {
				l.rejected = refusedAtOnce(i)
				l.returned = !l.rejected
			}
			l.inParts = w.paidInParts(i, month, kind)
			lines = append(lines, l)
			if kind == allowance && int(p.paidTwiceMonth) == month {
				l.duplicate = true
				lines = append(lines, l)
			}
		}
		lines = append(lines, payLine{placement: i, amount: insured[boolIndex(post.urban)], month: int8(month), kind: insurance})
	}
	return lines
}

// refusedAtOnce reports whether the bank notices that the account of a placement is closed before
// it credits anything. It rejects the line then, and returns it otherwise.
func refusedAtOnce(placement int32) bool { return placement%2 == 1 }

// paidInParts reports whether the bank pays what a placement earned in a month in two parts.
func (w *world) paidInParts(i int32, month int, kind uint8) bool {
	p := &w.placements[i]
	if kind != allowance || int(p.cardMonth) == month || int(p.paidTwiceMonth) == month {
		return false
	}
	d := w.random(forParts, int(i)*runMonths+month)
	return d.chance(partialPayments)
}

// addReturnedPay appends lines for what the bank returned or rejected of the run before.
func (w *world) addReturnedPay(lines []payLine, county, index int) []payLine {
	c := &w.counties[county]
	first, last := w.posts[c.posts[0]].people[0], w.posts[c.posts[1]-1].people[1]
	for i := first; i < last; i++ {
		if fen := w.returned(i, index); fen > 0 {
			lines = append(lines, payLine{placement: i, amount: fen, month: int8(index), kind: arrears})
		}
	}
	return lines
}

// returned returns what the bank returned of the pay of a placement for a month, in
// fen.
func (w *world) returned(i int32, month int) int32 {
	if int(w.placements[i].cardMonth) != month {
		return 0
	}
	return w.paidInTime(i, month)
}

// paidInTime returns what a placement was paid for a month in the run of that month, in
// fen.
func (w *world) paidInTime(i int32, month int) int32 {
	post := w.seats[w.placements[i].seat].post
	s := w.drawSheet(sheetRef(int(post)*sheetMonths+month), nil)
	if s.at > w.counties[w.posts[post].county].runs[month].at {
		return 0
	}
	return w.earned(i, month, i == s.imperfect)
}

// earned returns the allowance of a month in fen by the proration of the pack, rounded
// half up.
func (w *world) earned(i int32, month int, imperfect bool) int32 {
	var buf [31]byte
	rule := w.cfg.Policy.Attendance
	percent := 0
	for _, mark := range w.marks(buf[:0], i, month, imperfect) {
		switch mark {
		case 'P':
			percent += 100
		case 'H':
			percent += rule.HalfDayPercent
		case 'L':
			percent += rule.LeavePercent
		case 'S':
			percent += rule.SubstitutePercent
		}
	}
	post := &w.posts[w.seats[w.placements[i].seat].post]
	standard, days := w.standardIn(&w.counties[post.county], post.urban, month)
	return min(standard, int32((int64(standard)*int64(percent)*2+int64(days)*100)/(int64(days)*200)))
}
