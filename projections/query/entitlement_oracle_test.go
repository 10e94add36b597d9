package query_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/payroll"
)

// A reportedMark is what one sheet says of a person, a post and a day.
type reportedMark struct {
	letter     byte
	inspection bool
	prefix     string // of the divisions of the agency
}

// rank returns the place of the mark among all that may contradict it; the smallest counts.
func (m reportedMark) rank(pack *policy.Pack) int {
	order := pack.Attendance.Ranks
	if order == nil {
		order = []string{"inspection", "province", "prefecture", "county", "township", "village"}
	}
	name := map[int]string{0: "village", 2: "province", 4: "prefecture", 6: "county", 9: "township", 12: "village"}[len(m.prefix)]
	if m.inspection {
		name = "inspection"
	}
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// percent returns what a day with a mark counts for, and whether the mark claims anything.
func percent(pack *policy.Pack, letter byte) (n int, claims bool) {
	a := pack.Attendance
	switch letter {
	case 'P':
		return 100, true
	case 'H':
		return a.HalfDayPercent, true
	case 'S':
		return a.SubstitutePercent, true
	case 'L':
		return a.LeavePercent, true
	}
	return 0, letter == 'A'
}

// reportedMarks returns all standing marks by person, post and day.
func (o oracle) reportedMarks(known time.Time) map[string][]reportedMark {
	marks := map[string][]reportedMark{}
	for _, e := range o.standingEvents(known) {
		s, ok := e.Data.(*events.AttendanceReported)
		if !ok {
			continue
		}
		add := func(p events.Person, day civil.Date, letter byte) {
			key := fmt.Sprint(p, s.Post, day)
			marks[key] = append(marks[key], reportedMark{letter, s.Capacity == "inspection", e.AuthDivision})
		}
		for _, l := range s.Lines {
			if s.Date != 0 {
				add(l.Person, s.Date, l.Mark[0])
			}
			for i := range len(l.Marks) {
				add(l.Person, s.Month.First()+civil.Date(i), l.Marks[i])
			}
		}
	}
	return marks
}

// A recount adds up what the days of a month are worth, in exact fractions.
type recountedMonth struct {
	fen, months, disputed big.Rat
	disputedDays          int
}

// add adds a day under a pack on a post.
func (r *recountedMonth) add(post *events.PostDeveloped, pack *policy.Pack, marks []reportedMark) {
	strongest := map[int]byte{} // by rank
	for _, m := range marks {
		if _, claims := percent(pack, m.letter); claims {
			at := m.rank(pack)
			if strings.IndexByte("ALSHP", m.letter) > strings.IndexByte("ALSHP", strongest[at]) || strongest[at] == 0 {
				strongest[at] = m.letter
			}
		}
	}
	if len(strongest) == 0 {
		return
	}
	top, low, high := 1<<30, 100, 0
	for rank, letter := range strongest {
		n, _ := percent(pack, letter)
		top, low, high = min(top, rank), min(low, n), max(high, n)
	}
	counts, _ := percent(pack, strongest[top])
	standard, required := standardOn(post, pack)
	part := big.NewRat(int64(counts), 100*required)
	r.months.Add(&r.months, part)
	r.fen.Add(&r.fen, new(big.Rat).Mul(part, big.NewRat(standard, 1)))
	if low < high {
		r.disputedDays++
		r.disputed.Add(&r.disputed, big.NewRat(standard*int64(high-low), 100*required))
	}
}

// standardOn returns the standard and the required days of a post under a pack.
func standardOn(d *events.PostDeveloped, p *policy.Pack) (standard, required int64) {
	standard, required = int64(d.Standard), int64(d.RequiredDays)
	if standard == 0 {
		standard = p.Payment.Standard.Rural
		if d.Area == "urban" {
			standard = p.Payment.Standard.Urban
		}
	}
	if required == 0 {
		required = int64(p.Payment.RequiredDays)
	}
	return standard, required
}

// fill fills in a line. More than a month counts as a month.
func (r *recountedMonth) fill(l *payroll.Line) {
	if r.months.Cmp(big.NewRat(1, 1)) > 0 {
		r.fen.Quo(&r.fen, &r.months)
	}
	l.Entitled, l.Disputed, l.DisputedDays = halfUp(&r.fen), halfUp(&r.disputed), r.disputedDays
}

// halfUp rounds to the fen.
func halfUp(x *big.Rat) events.Fen {
	sum := new(big.Rat).Add(x, big.NewRat(1, 2))
	return events.Fen(new(big.Int).Div(sum.Num(), sum.Denom()).Int64())
}
