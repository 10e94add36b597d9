package payroll

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
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
		if got := entitlement(c.pack, termsOf(c.post), daysWorked(c.placed, &sheet)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestPaid(t *testing.T) {
	due, asOf := civil.MustDate("2022-06-15"), civil.MustDate("2022-06-30")
	pay := func(amount events.Fen, on string) timeline.Pay {
		p := timeline.Pay{Amount: amount, Kind: "allowance"}
		if on != "" {
			p.PaidOn = civil.MustDate(on)
		}
		return p
	}
	back := func(p timeline.Pay, on string) timeline.Pay { p.ReturnedOn = civil.MustDate(on); return p }
	taken := func(p timeline.Pay, on string) timeline.Pay { p.ReversedOn = civil.MustDate(on); return p }
	insurance := pay(77, "2022-06-01")
	insurance.Kind = "insurance"
	for _, c := range []struct {
		name     string
		entitled events.Fen
		lines    []timeline.Pay
		want     Money
		late     int
	}{
		{"nothing", 0, nil, Money{}, 0},
		{"unpaid", 100, nil, Money{Entitled: 100, Difference: -100}, 15},
		{"on the due day", 100, []timeline.Pay{pay(100, "2022-06-15")}, Money{100, 100, 100, 0, 0}, 0},
		{"the day after", 100, []timeline.Pay{pay(100, "2022-06-16")}, Money{100, 100, 100, 0, 0}, 1},
		{"in two parts, told backwards", 100, []timeline.Pay{pay(60, "2022-06-20"), pay(40, "2022-06-10")}, Money{100, 100, 100, 0, 0}, 5},
		{"the rest is no debt", 100, []timeline.Pay{pay(100, "2022-06-10"), pay(40, "2022-06-20")}, Money{100, 140, 140, 0, 40}, 0},
		{"paid after as_of", 100, []timeline.Pay{pay(100, "2022-07-01")}, Money{100, 100, 0, 0, -100}, 15},
		{"returned", 100, []timeline.Pay{back(pay(100, "2022-06-10"), "2022-06-12")}, Money{100, 100, 0, 100, -100}, 15},
		{"returned after as_of", 100, []timeline.Pay{back(pay(100, "2022-06-10"), "2022-07-12")}, Money{100, 100, 100, 0, 0}, 0},
		{"reversed, and paid again", 100, []timeline.Pay{taken(pay(100, "2022-06-10"), "2022-06-12"), pay(100, "2022-06-17")}, Money{100, 200, 100, 100, 0}, 2},
		{"insurance is no part of it", 100, []timeline.Pay{insurance}, Money{Entitled: 100, Difference: -100}, 15},
		{"unearned", 0, []timeline.Pay{pay(5, "2022-06-29")}, Money{0, 5, 5, 0, 5}, 0},
	} {
		if got, late := settle(c.entitled, payments(c.lines), due, asOf); got != c.want || late != c.late {
			t.Errorf("%s: %+v, %d days late, want %+v, %d", c.name, got, late, c.want, c.late)
		}
	}
	if _, late := settle(100, nil, 0, asOf); late != 0 {
		t.Errorf("without rules there is no due day: %d", late)
	}
}
