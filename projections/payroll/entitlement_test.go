package payroll

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/events/rules/paying"
	"github.com/muster-works/muster/projections/timeline"
)

func TestEarned(t *testing.T) {
	month, date := civil.MustMonth("2022-02"), civil.MustDate
	pack := &policy.Pack{
		Attendance: policy.Attendance{HalfDayPercent: 50, SubstitutePercent: 25, LeavePercent: 100},
		Payment:    policy.Payment{Standard: policy.Standard{Rural: 60000, Urban: 190000}, RequiredDays: 20},
	}
	whole := []timeline.Placement{{From: date("2022-01-01")}}
	for _, c := range []struct {
		name   string
		pack   *policy.Pack
		post   timeline.Attributes
		placed []timeline.Placement
		marks  string
		want   events.Fen
	}{
		{"rural by the pack", pack, timeline.Attributes{Area: "rural"}, whole, "PPP", 9000},
		{"urban by the pack", pack, timeline.Attributes{Area: "urban"}, whole, "PPP", 28500},
		{"by the post", pack, timeline.Attributes{Area: "rural", Standard: 70000, RequiredDays: 7}, whole, "PPP", 30000},
		{"days by the post, money by the pack", pack, timeline.Attributes{Area: "rural", RequiredDays: 10}, whole, "P", 6000},
		{"a third of a fen is cut off", pack, timeline.Attributes{Standard: 100, RequiredDays: 3}, whole, "P", 33},
		{"two thirds are rounded up", pack, timeline.Attributes{Standard: 100, RequiredDays: 3}, whole, "PP", 67},
		{"half is rounded up", pack, timeline.Attributes{Standard: 1, RequiredDays: 2}, whole, "P", 1},
		{"less than half is not", pack, timeline.Attributes{Standard: 1, RequiredDays: 3}, whole, "P", 0},
		{"half days, leave, substitutes by the pack", pack, timeline.Attributes{Standard: 100, RequiredDays: 1}, whole, "S", 25},
		{"each mark", pack, timeline.Attributes{Standard: 10000, RequiredDays: 10}, whole, "PHSLA.-", 2750},
		{"capped", pack, timeline.Attributes{Area: "rural"}, whole, "PPPPPPPPPPPPPPPPPPPPPPPPPPPP", 60000},
		{"nobody in place", pack, timeline.Attributes{Area: "rural"}, nil, "PPP", 0},
		{"in place for a part", pack, timeline.Attributes{Area: "rural"}, []timeline.Placement{{From: date("2022-02-02"), Exit: date("2022-02-04")}}, "PPPPPP", 6000},
		{"in place twice", pack, timeline.Attributes{Area: "rural"}, []timeline.Placement{{From: date("2022-01-01"), Exit: date("2022-02-02")}, {From: date("2022-02-03")}}, "PPP", 6000},
		{"two placements on one day count once", pack, timeline.Attributes{Area: "rural"}, append(whole, whole...), "P", 3000},
		{"no rules", nil, timeline.Attributes{Standard: 100, RequiredDays: 1}, whole, "P", 0},
		{"nothing required", &policy.Pack{}, timeline.Attributes{Standard: 100}, whole, "P", 0},
	} {
		sheet := timeline.Sheet{Month: month}
		copy(sheet.Marks[:], c.marks)
		var book policy.Book
		if c.pack != nil {
			book.Adopt(c.pack)
		}
		var d days
		d.add(&sheet, workingDays(c.placed, month))
		if got := earn(scheduleOf(timeline.Periods{{Attributes: c.post}}).periods(&book, month), &d); got != (earned{entitled: c.want}) {
			t.Errorf("%s: %+v, want %d", c.name, got, c.want)
		}
	}
}

// Goal: each day is worth what the rules of that day say, and more days than are required
// count for so much less each.
// Method: months in which a pack, a standard or the required days change.
func TestEarnedByDay(t *testing.T) {
	month := civil.MustMonth("2022-06")
	pay := func(version, from string, rural int64, required int) *policy.Pack {
		return &policy.Pack{Version: version, ValidFrom: civil.MustDate(from), Payment: policy.Payment{Standard: policy.Standard{Rural: rural}, RequiredDays: required}}
	}
	old, raised := pay("old", "2021-01-01", 60000, 20), pay("raised", "2022-06-16", 80000, 20)
	weekdays := "PPP..PPPPP..PPPPP..PPPPP..PP.."
	byPost := func(from string, standard events.Fen, required int32) datedTerms {
		return datedTerms{civil.MustDate(from), terms{standard: standard, required: required}}
	}
	for _, c := range []struct {
		name  string
		packs []*policy.Pack
		post  schedule
		marks string
		want  events.Fen
	}{
		{"a rise on the 16th", []*policy.Pack{old, raised}, schedule{{}}, weekdays, 69000},
		{"a rise on the 1st", []*policy.Pack{old, pay("raised", "2022-06-01", 80000, 20)}, schedule{{}}, weekdays, 80000},
		{"a rise on the last day", []*policy.Pack{old, pay("raised", "2022-06-30", 80000, 20)}, schedule{{}}, "PPP..PPPPP..PPPPP..PPPPP..P..P", 61000},
		{"more days than required", []*policy.Pack{old, raised}, schedule{{}}, strings.Repeat("P", 30), 70000},
		{"the first pack begins in the month", []*policy.Pack{raised}, schedule{{}}, weekdays, 36000},
		{"other required days", []*policy.Pack{old, pay("longer", "2022-06-16", 60000, 25)}, schedule{{}}, weekdays, 33000 + 21600},
		{"other required days, more than all", []*policy.Pack{old, pay("longer", "2022-06-16", 90000, 30)}, schedule{{}}, strings.Repeat("P", 30), 72000},
		{"the post has a standard from a day on", []*policy.Pack{old}, schedule{{}, byPost("2022-06-10", 40000, 0)}, weekdays, 7*3000 + 13*2000},
		{"the post has a standard from a later month on", []*policy.Pack{old}, schedule{{}, byPost("2022-07-01", 40000, 0)}, weekdays, 60000},
		{"the post goes before both packs", []*policy.Pack{old, raised}, schedule{byPost("2022-01-01", 50000, 10)}, "PPPPP...............PP", 35000},
	} {
		t.Run(c.name, func(t *testing.T) {
			var book policy.Book
			for _, p := range c.packs {
				book.Adopt(p)
			}
			sheet := timeline.Sheet{Month: month}
			copy(sheet.Marks[:], c.marks)
			var d days
			d.add(&sheet, workingDays([]timeline.Placement{{From: 1}}, month))
			if got := earn(c.post.periods(&book, month), &d); got != (earned{entitled: c.want}) {
				t.Errorf("%+v, want %d", got, c.want)
			}
		})
	}
}

// Goal: of reports that contradict each other the one of the higher rank counts, and a day on
// which they earn different amounts is disputed.
// Method: two or three reports of one day, under a pack of the default ranks.
func TestDisputedDays(t *testing.T) {
	month := civil.MustMonth("2022-05")
	pack := &policy.Pack{
		Attendance: policy.Attendance{HalfDayPercent: 50, LeavePercent: 100},
		Payment:    policy.Payment{Standard: policy.Standard{Rural: 60000}, RequiredDays: 20},
	}
	own := &policy.Pack{Version: "own", ValidFrom: civil.MustDate("2022-05-02"), Attendance: pack.Attendance, Payment: pack.Payment}
	own.Attendance.Ranks = []string{"village", "county"}
	const inspector = "370211!" // with the capacity inspection
	for _, c := range []struct {
		name    string
		reports []string // marks from the 1st of May on, by the prefix of the agency
		want    earned
	}{
		{"the inspector found nobody", []string{"370211102231 P", inspector + " A"}, earned{0, 1, 3000}},
		{"the inspector found a substitute", []string{"370211102231 P", inspector + " S"}, earned{0, 1, 3000}},
		{"the inspector found the person", []string{"370211102231 A", inspector + " P"}, earned{3000, 1, 3000}},
		{"the inspector agrees", []string{"370211102231 P", inspector + " P"}, earned{3000, 0, 0}},
		{"both earn nothing", []string{"370211102231 A", inspector + " S"}, earned{}},
		{"leave earns as much", []string{"370211102231 L", inspector + " P"}, earned{3000, 0, 0}},
		{"half a day", []string{"370211102231 P", inspector + " H"}, earned{1500, 1, 1500}},
		{"the inspector says rest", []string{"370211102231 P", inspector + " ."}, earned{3000, 0, 0}},
		{"the inspector was not there", []string{"370211102231 P", inspector + " -"}, earned{3000, 0, 0}},
		{"the clerk says rest", []string{"370211102231 .", inspector + " P"}, earned{3000, 0, 0}},
		{"the county against the village", []string{"370211 A", "370211102231 P"}, earned{0, 1, 3000}},
		{"of before 1.1 against the township", []string{" P", "370211102 A"}, earned{0, 1, 3000}},
		{"of before 1.1 and the village", []string{" A", "370211102231 P"}, earned{3000, 0, 0}},
		{"one authority twice", []string{"370211102231 A", "370211102231 P"}, earned{3000, 0, 0}},
		{"three of them", []string{"370211102231 P", "370211 H", inspector + " A"}, earned{0, 1, 3000}},
		{"the lower two differ", []string{"370211102231 P", "370211 A", inspector + " ."}, earned{0, 1, 3000}},
		{"the pack of the day ranks", []string{"370211102231 PP", "370211 AA"}, earned{3000, 2, 6000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var book policy.Book
			book.Adopt(pack)
			book.Adopt(own)
			var sheets []timeline.Sheet
			for _, report := range c.reports {
				prefix, marks, _ := strings.Cut(report, " ")
				prefix, inspects := strings.CutSuffix(prefix, "!")
				d := new(events.AttendanceReported)
				if inspects {
					d.Capacity = policy.Inspection
				}
				sheet := timeline.Sheet{Month: month, By: timeline.AuthorityOf(&events.Event{AuthDivision: prefix}, d)}
				copy(sheet.Marks[:], marks)
				sheets = append(sheets, sheet)
			}
			for range sheets { // in any order
				sheets = append(sheets[1:], sheets[0])
				var d days
				for i := range sheets {
					d.add(&sheets[i], 1<<31-1)
				}
				if got := earn((schedule{{}}).periods(&book, month), &d); got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			}
		})
	}
}

func TestPaid(t *testing.T) {
	due, asOf := civil.MustDate("2022-06-15"), civil.MustDate("2022-06-30")
	move := func(kind paying.Kind, amount events.Fen, on string) func(*timeline.Pay) {
		return func(p *timeline.Pay) {
			p.Movements = append(p.Movements, timeline.Movement{Statement: paying.Statement{Kind: kind, On: civil.MustDate(on), Amount: amount}})
		}
	}
	line := func(kind string, amount events.Fen, movements ...func(*timeline.Pay)) timeline.Pay {
		p := timeline.Pay{Amount: amount, Kind: kind, On: civil.MustDate("2022-06-01")}
		for _, m := range movements {
			m(&p)
		}
		return p
	}
	pay := func(amount events.Fen, on string) timeline.Pay {
		return line("allowance", amount, move(paying.Settled, amount, on))
	}
	paid := func(amount events.Fen, on string) func(*timeline.Pay) { return move(paying.Settled, amount, on) }
	back := func(amount events.Fen, on string) func(*timeline.Pay) { return move(paying.Returned, amount, on) }
	for _, c := range []struct {
		name     string
		entitled events.Fen
		lines    []timeline.Pay
		want     Money
		late     int
	}{
		{"nothing", 0, nil, Money{}, 0},
		{"unpaid", 100, nil, Money{Entitled: 100, Difference: -100, LateAmount: 100}, 15},
		{"on the due day", 100, []timeline.Pay{pay(100, "2022-06-15")}, Money{Entitled: 100, Instructed: 100, Settled: 100}, 0},
		{"the day after", 100, []timeline.Pay{pay(100, "2022-06-16")}, Money{Entitled: 100, Instructed: 100, Settled: 100, LateAmount: 100}, 1},
		{"in two lines, told backwards", 100, []timeline.Pay{pay(60, "2022-06-20"), pay(40, "2022-06-10")},
			Money{Entitled: 100, Instructed: 100, Settled: 100, LateAmount: 60}, 5},
		{"a line in two parts", 100, []timeline.Pay{line("allowance", 100, paid(40, "2022-06-10"), paid(60, "2022-06-20"))},
			Money{Entitled: 100, Instructed: 100, Settled: 100, LateAmount: 60}, 5},
		{"the rest is no debt", 100, []timeline.Pay{pay(100, "2022-06-10"), pay(40, "2022-06-20")}, Money{Entitled: 100, Instructed: 140, Settled: 140, Difference: 40}, 0},
		{"paid after as_of", 100, []timeline.Pay{pay(100, "2022-07-01")}, Money{Entitled: 100, Instructed: 100, Difference: -100, LateAmount: 100}, 15},
		{"returned", 100, []timeline.Pay{line("allowance", 100, paid(100, "2022-06-10"), back(100, "2022-06-12"))},
			Money{Entitled: 100, Instructed: 100, Returned: 100, Difference: -100, LateAmount: 100}, 15},
		{"returned after as_of", 100, []timeline.Pay{line("allowance", 100, paid(100, "2022-06-10"), back(100, "2022-07-12"))},
			Money{Entitled: 100, Instructed: 100, Settled: 100}, 0},
		{"reversed, and paid again", 100, []timeline.Pay{line("allowance", 100, paid(100, "2022-06-10"), back(100, "2022-06-12")), pay(100, "2022-06-17")},
			Money{Entitled: 100, Instructed: 200, Settled: 100, Returned: 100, LateAmount: 100}, 2},
		{"a part recovered", 100, []timeline.Pay{line("allowance", 120, paid(120, "2022-06-10"), back(20, "2022-06-20"))},
			Money{Entitled: 100, Instructed: 120, Settled: 100, Returned: 20}, 0},
		{"refused, ordered again", 100, []timeline.Pay{line("allowance", 100, move(paying.Rejected, 100, "2022-06-11")), pay(100, "2022-06-25")},
			Money{Entitled: 100, Instructed: 200, Settled: 100, Rejected: 100, LateAmount: 100}, 10},
		{"insurance is no part of it", 100, []timeline.Pay{line("insurance", 77, paid(77, "2022-06-01"))},
			Money{Entitled: 100, Difference: -100, LateAmount: 100, Other: 77}, 15},
		{"nor is compensation for delay", 100, []timeline.Pay{pay(100, "2022-06-16"), line("delay_compensation", 2, paid(2, "2022-06-20"))},
			Money{Entitled: 100, Instructed: 100, Settled: 100, LateAmount: 100, Other: 2}, 1},
		{"ordered after as_of", 100, []timeline.Pay{{Amount: 100, Kind: "allowance", On: civil.MustDate("2022-07-02")}},
			Money{Entitled: 100, Difference: -100, LateAmount: 100}, 15},
		{"unearned", 0, []timeline.Pay{pay(5, "2022-06-29")}, Money{Instructed: 5, Settled: 5, Difference: 5}, 0},
	} {
		if got, late := settle(c.entitled, parts(c.entitled, nil, nil, due), payments(c.lines), new(policy.Pack), asOf); got != c.want || late != c.late {
			t.Errorf("%s: %+v, %d days late, want %+v, %d", c.name, got, late, c.want, c.late)
		}
	}
	if _, late := settle(100, parts(100, nil, nil, 0), nil, new(policy.Pack), asOf); late != 0 {
		t.Errorf("without rules there is no due day: %d", late)
	}
}

// Goal: what rules add to a month afterwards is late only from the day on which it could be known, and what
// was paid in time stays in time.
func TestParts(t *testing.T) {
	due, asOf := civil.MustDate("2022-06-15"), civil.MustDate("2022-08-31")
	part := func(amount events.Fen, due string, late int, total events.Fen) Part {
		return Part{amount, civil.MustDate(due), late, total}
	}
	pay := func(amount events.Fen, on string) timeline.Pay {
		return timeline.Pay{Run: 1, Line: on, Amount: amount, On: civil.MustDate("2022-06-01"), Instructed: 1,
			Movements: []timeline.Movement{{Statement: paying.Statement{Kind: paying.Settled, On: civil.MustDate(on), Amount: amount}}}}
	}
	for name, c := range map[string]struct {
		parts []Part
		lines []timeline.Pay
		want  []int // days late of each part
		late  events.Fen
	}{
		"in time, and the rest at once":      {[]Part{part(600, "2022-06-15", 0, 600), part(280, "2022-08-20", 0, 880)}, []timeline.Pay{pay(600, "2022-06-10"), pay(280, "2022-08-20")}, []int{0, 0}, 0},
		"in time, and the rest is late":      {[]Part{part(600, "2022-06-15", 0, 600), part(280, "2022-08-20", 0, 880)}, []timeline.Pay{pay(600, "2022-06-10"), pay(280, "2022-08-25")}, []int{0, 5}, 280},
		"in time, and the rest not yet":      {[]Part{part(600, "2022-06-15", 0, 600), part(280, "2022-08-20", 0, 880)}, []timeline.Pay{pay(600, "2022-06-10")}, []int{0, 11}, 280},
		"late, and the rest with it":         {[]Part{part(600, "2022-06-15", 0, 600), part(280, "2022-08-20", 0, 880)}, []timeline.Pay{pay(880, "2022-08-25")}, []int{71, 5}, 880},
		"a part known the day before as_of":  {[]Part{part(600, "2022-06-15", 0, 600), part(280, "2022-08-30", 0, 880)}, []timeline.Pay{pay(600, "2022-06-10")}, []int{0, 1}, 280},
		"a part that is known on as_of only": {[]Part{part(600, "2022-06-15", 0, 600), part(280, "2022-08-31", 0, 880)}, []timeline.Pay{pay(600, "2022-06-10")}, []int{0, 0}, 0},
	} {
		m, _ := settle(880, c.parts, payments(c.lines), new(policy.Pack), asOf)
		var got []int
		for _, p := range c.parts {
			got = append(got, p.Late)
		}
		if !slices.Equal(got, c.want) || m.LateAmount != c.late {
			t.Errorf("%s: %v days, %d fen late, want %v, %d", name, got, m.LateAmount, c.want, c.late)
		}
	}
	later := func(standards ...int64) (all []knownPeriods) {
		for i, s := range standards {
			k := knownPeriods{periods: []period{{days: between(0, 31), pack: new(policy.Pack), standard: s, required: 1}}}
			if i > 0 {
				k.on = due + civil.Date(10*i)
			}
			all = append(all, k)
		}
		return all
	}
	d := &days{}
	d.first.marks[0] = between(0, 1) // one whole day
	for name, c := range map[string]struct {
		known []int64
		want  []events.Fen
	}{
		"raised": {[]int64{600, 880}, []events.Fen{600, 280}}, "raised and lowered": {[]int64{600, 880, 700}, []events.Fen{600, 100}},
		"lowered": {[]int64{880, 600}, []events.Fen{600}}, "raised twice": {[]int64{600, 700, 880}, []events.Fen{600, 100, 180}},
	} {
		var got []events.Fen
		known := later(c.known...)
		for _, p := range parts(earn(known[len(known)-1].periods, d).entitled, d, known, due) {
			got = append(got, p.Amount)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: parts of %v, want %v", name, got, c.want)
		}
	}
}
