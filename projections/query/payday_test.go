package query_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/query/money"
)

// payday is a small world of money: what was earned in May 2022 on three posts,
// and what was paid for it.
func payday(t testing.TB) *world {
	w := newWorld(t)
	date, month := civil.MustDate, civil.MustMonth("2022-05")
	county := pack(t, "county-1", "370211", "2022-06-01") // not yet in force in May
	county.Payment.Standard.Rural = 1
	w.commit(at("2022-03-01 09:00"), w.event("370000000000", pack(t, "province-1", "37", "2021-01-01")), w.event("370211000000", county))
	w.commit(at("2022-04-01 09:00"),
		w.event(langya, &events.PostDeveloped{Post: "a", Category: "public_service", Area: "rural", Seats: 3, From: date("2022-04-10"), Fund: "f-1"}),
		w.event(beside, &events.PostDeveloped{Post: "b", Category: "public_service", Area: "rural", Seats: 2, From: date("2022-04-10"), Standard: 80000, RequiredDays: 16, Fund: "f-1"}),
		w.event(jiefang, &events.PostDeveloped{Post: "c", Category: "public_service", Area: "urban", Seats: 1, From: date("2022-04-10"), Fund: "f-2"}))
	hire := func(at division.Code, i int, post, from string) *events.Event {
		return w.event(at, &events.HirePlaced{Who: who(i), Post: post, Seat: i, From: date(from), Group: "older", Sex: "F"})
	}
	w.commit(at("2022-04-20 09:00"), hire(langya, 1, "a", "2022-05-01"), hire(langya, 2, "a", "2022-05-11"), hire(beside, 3, "b", "2022-05-01"), hire(jiefang, 4, "c", "2022-05-01"))
	w.commit(at("2022-05-18 09:00"), w.event(jiefang, &events.ExitRecorded{Who: who(4), Post: "c", On: date("2022-05-16"), Kind: "natural", Code: "N1"}))
	all := strings.Repeat("P", 31)
	sheet := func(at division.Code, post string, marks map[int]string) *events.Event {
		d := &events.AttendanceReported{Post: post, Month: month, Recorder: "clerk"}
		for i := range 10 {
			if marks[i] != "" {
				d.Lines = append(d.Lines, events.AttendanceLine{Person: person(i), Marks: marks[i]})
			}
		}
		return w.event(at, d)
	}
	// 1: twenty days. 2: all days, of which 21 in place. 3: ten days and a half
	// and some leave. 4: seven days before the exit, three after it.
	w.commit(at("2022-06-02 09:00"),
		sheet(langya, "a", map[int]string{1: strings.Repeat("P", 20) + "A.L", 2: all}),
		sheet(beside, "b", map[int]string{3: strings.Repeat("P", 10) + "HLLS"}),
		sheet(jiefang, "c", map[int]string{4: strings.Repeat(".", 8) + strings.Repeat("P", 10)}))
	w.commit(at("2022-06-03 09:00"),
		w.event("370211000000", &events.FundAllocated{Fund: "f-1", Year: 2022, Amount: 400000}),
		w.event("370100000000", &events.FundAllocated{Fund: "f-2", Year: 2022, Amount: 100000}),
		w.event("370211000000", &events.FundAllocated{Fund: "f-3", Year: 2023, Amount: 5}))
	line := func(name string, i int, post string, amount events.Fen, kind string) events.PayLine {
		return events.PayLine{Line: name, Person: person(i), Post: post, Amount: amount, Kind: kind}
	}
	// 5 was never placed anywhere.
	w.commit(at("2022-06-10 09:00"),
		w.event("370211000000", &events.PaymentInstructed{Run: "r-1", Month: month, Fund: "f-1", Lines: []events.PayLine{
			line("1", 1, "a", 60000, ""), line("2", 2, "a", 60000, ""), line("3", 3, "b", 50000, ""), line("5", 5, "a", 60000, ""), line("i", 1, "a", 3000, "insurance")}}),
		w.event("370102000000", &events.PaymentInstructed{Run: "r-2", Month: month, Fund: "f-2", Lines: []events.PayLine{line("1", 4, "c", 70000, "")}}))
	paid := func(run, on string, lines ...any) *events.Event {
		d := &events.PaymentSettled{Run: run, PaidOn: date(on)}
		for i := 0; i < len(lines); i += 2 {
			d.Lines = append(d.Lines, events.SettledLine{Line: lines[i].(string), Person: person(lines[i+1].(int))})
		}
		return w.event("370211000000", d)
	}
	w.commit(at("2022-06-16 09:00"), paid("r-1", "2022-06-14", "1", 1, "3", 3, "5", 5, "i", 1), paid("r-2", "2022-06-15", "1", 4))
	w.commit(at("2022-06-21 09:00"), paid("r-1", "2022-06-20", "2", 2),
		w.event("370102000000", &events.PaymentReturned{Run: "r-2", Lines: []events.ReturnedLine{{Line: "1", Person: person(4), On: date("2022-06-18"), Reason: "account closed"}}}))
	w.commit(at("2022-06-25 09:00"),
		w.event("370211000000", &events.PaymentInstructed{Run: "r-3", Month: month + 1, Fund: "f-1", Lines: []events.PayLine{
			{Line: "1", Person: person(3), Post: "b", Month: month, Amount: 2500, Kind: "arrears"}}}),
		paid("r-3", "2022-06-28", "1", 3))
	w.settle()
	return w
}

// Goal: the pages of the parts of the province add up to the totals of the province.
func TestPayrollAddsUp(t *testing.T) {
	w := payday(t)
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for range 40 {
		params := url.Values{
			"month": {[]string{"2022-04", "2022-05", "2022-06"}[r.IntN(3)]},
			"as_of": {(civil.MustDate("2022-05-01") + civil.Date(r.IntN(70))).String()}, "known_at": {at("2022-04-01 00:00").AddDate(0, 0, r.IntN(100)).Format("2006-01-02")},
		}
		whole := ask[money.Payroll](w, "/v1/payroll?"+params.Encode())
		var sum payroll.Money
		rows := 0
		for _, part := range []string{"3702", "370102001002"} {
			params.Set("division", part)
			params.Set("limit", fmt.Sprint(1+r.IntN(3)))
			params.Del("cursor")
			for {
				p := ask[money.Payroll](w, "/v1/payroll?"+params.Encode())
				for _, row := range p.Rows {
					rows++
					sum.Entitled, sum.Instructed, sum.Settled = sum.Entitled+row.Entitled, sum.Instructed+row.Instructed, sum.Settled+row.Settled
					sum.Returned, sum.Difference = sum.Returned+row.Returned, sum.Difference+row.Difference
					sum.Disputed, sum.Rejected = sum.Disputed+row.Disputed, sum.Rejected+row.Rejected
					sum.LateAmount, sum.Other = sum.LateAmount+row.LateAmount, sum.Other+row.Other
				}
				if p.Next == "" {
					break
				}
				params.Set("cursor", p.Next)
			}
		}
		if sum != whole.Totals.Money || rows != whole.Total {
			t.Errorf("%v: parts have %d rows %+v, the whole %d %+v", params, rows, sum, whole.Total, whole.Totals.Money)
		}
	}
}
