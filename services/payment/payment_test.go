package payment

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// Each case submits a series of events to a handler of its own. Each event has its expected
// answer.
func TestStories(t *testing.T) {
	type step struct {
		event *events.Event
		want  string
	}
	const ok = "accepted"
	line := func(e *events.Event, change func(*events.PayLine)) *events.Event {
		d := e.Data.(*events.PaymentInstructed)
		change(&d.Lines[len(d.Lines)-1])
		return e
	}
	of := func(p, post, month, kind string) func(*events.PayLine) {
		return func(l *events.PayLine) {
			l.Person, l.Post, l.Kind = person(int(p[0]-'0')), post, kind
			if month != "" {
				l.Month = civil.MustMonth(month)
			}
		}
	}
	const (
		allocated = events.FundAllocatedType
		inst      = events.PaymentInstructedType
		settled   = events.PaymentSettledType
		returned  = events.PaymentReturnedType
		reversed  = events.PaymentReversedType
	)
	forDivision := func(d division.Code, e *events.Event) *events.Event {
		e.Data.(*events.FundAllocated).Division = d
		return e
	}
	for name, steps := range map[string][]step{
		"allocations add up": {
			{allocate("f1", "f", 100), ok},
			{instruct("i1", "r", "f", "1", "2"), "rejected fund_exceeded:data.fund"},
			{allocate("f2", "f", 100), ok},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{instruct("i2", "r", "f", "3"), "rejected fund_exceeded:data.fund"},
		},
		"unknown fund, unknown post": {
			{instruct("i1", "r", "f", "1"), "rejected unknown_fund:data.fund"},
			{recorded(line(instruct("i1", "r", "f", "1"), of("2", "z", "", ""))), "rejected unknown_post:data.lines[0].post"},
			{recorded(instruct("i1", "r", "f", "1")), ok},
			{instruct("i2", "r", "f", "2"), "rejected unknown_fund:data.fund"},
			{allocate("f1", "f", 150), ok},
			{instruct("i2", "r", "f", "2"), "rejected fund_exceeded:data.fund"},
			{allocate("f2", "f", 50), ok},
			{instruct("i2", "r", "f", "2"), ok},
		},
		"a post elsewhere": {
			{allocate("f1", "f", 1000), ok},
			{elsewhere(instruct("i1", "r", "f", "1")), "rejected division_outside:data.fund division_outside:data.lines[0].post"},
			{recorded(elsewhere(instruct("i1", "r", "f", "1"))), "rejected division_outside:data.fund division_outside:data.lines[0].post"},
		},
		"a fund of another division": {
			{forDivision("370212000000", allocate("f1", "f", 1000)), ok},
			{instruct("i1", "r", "f", "1"), "rejected division_outside:data.fund"},
			{recorded(instruct("i1", "r", "f", "1")), "rejected division_outside:data.fund"},
			{allocate("f2", "f", 1), "rejected division_outside:data.division"},
			{replacing(allocate("f2", "f", 1000), "f1"), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{in("370200000000", instruct("i2", "r", "f", "2")), "rejected division_outside:data.fund"},
			{in("", instruct("i2", "r", "f", "2")), ok},
			{withdraw("w1", allocated, "f2"), "rejected fund_exceeded:data.id"},
		},
		"a fund that is free again": {
			{allocate("f1", "f", 1000), ok},
			{withdraw("w1", allocated, "f1"), ok},
			{forDivision("370212000000", allocate("f2", "f", 1000)), ok},
			{instruct("i1", "r", "f", "1"), "rejected division_outside:data.fund"},
		},
		"a run of another division": {
			{allocate("f1", "f", 1000), ok},
			{instruct("i1", "r", "f", "1", "2", "3"), ok},
			{elsewhere(settle("s1", "r", "1")), "rejected division_outside:data.lines[0].line"},
			{recorded(elsewhere(settle("s1", "r", "1"))), "rejected division_outside:data.lines[0].line"},
			{in("370200000000", settle("s1", "r", "1")), ok},
			{in("370211000000", settle("s2", "r", "2")), ok},
			{settle("s3", "r", "3"), ok},
			{elsewhere(giveBack("g1", "r", "1")), "rejected division_outside:data.lines[0].line"},
			{elsewhere(reverse("g1", "r", "1")), "rejected division_outside:data.lines[0].line"},
			{giveBack("g1", "r", "1"), ok},
		},
		"placed in the month": {
			{allocate("f1", "f", 10000), ok},
			{line(instruct("i1", "r", "f", "1"), of("1", "a", "2022-02", "")), "rejected not_placed:data.lines[0]"},
			{line(instruct("i1", "r", "f", "1"), of("1", "a", "2022-03", "")), ok},
			{line(instruct("i2", "r", "f", "2"), of("1", "a", "2022-04", "allowance")), ok},
			{line(instruct("i3", "r", "f", "3"), of("1", "a", "2022-05", "")), "rejected not_placed:data.lines[0]"},
			{line(instruct("i3", "r", "f", "3", "4"), of("1", "a", "2022-05", "arrears")), ok},
			{line(instruct("i4", "r", "f", "5"), of("1", "b", "2022-02", "insurance")), "rejected not_placed:data.lines[0]"},
			{line(instruct("i4", "r", "f", "5"), of("1", "b", "2022-03", "insurance")), ok},
			{recorded(line(instruct("i5", "r", "f", "6"), of("1", "a", "2022-02", ""))), ok},
		},
		"line ids": {
			{allocate("f1", "f", 1000), ok},
			{instruct("i1", "r", "f", "1", "2", "1"), "rejected line_repeated:data.lines[2].line"},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{instruct("i2", "r", "f", "3", "2"), "rejected line_repeated:data.lines[1].line"},
			{instruct("i2", "q", "f", "2"), ok},
			{settle("s1", "x", "1"), "rejected unknown_run:data.run"},
			{settle("s1", "r", "1", "9"), "rejected line_unknown:data.lines[1].line"},
			{settle("s1", "r", "1", "1"), "rejected line_repeated:data.lines[1].line"},
			{giveBack("b1", "x", "1"), "rejected unknown_run:data.run"},
			{giveBack("b1", "r", "9"), "rejected line_unknown:data.lines[0].line"},
		},
		"a line goes one way": {
			{allocate("f1", "f", 200), ok},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{giveBack("b1", "r", "1"), "rejected line_not_settled:data.lines[0].line"},
			{settle("s1", "r", "1"), ok},
			{settle("s2", "r", "2", "1"), "rejected line_settled:data.lines[1].line"},
			{instruct("i2", "r", "f", "3"), "rejected fund_exceeded:data.fund"},
			{giveBack("b1", "r", "1"), ok},
			{reverse("b2", "r", "1"), "rejected line_returned:data.lines[0].line"},
			{settle("s2", "r", "1"), "rejected line_returned:data.lines[0].line"},
			{instruct("i2", "r", "f", "3"), ok},
			{withdraw("w1", returned, "b1"), "rejected fund_exceeded:data.id"},
			{withdraw("w2", inst, "i2"), ok},
			{withdraw("w1", returned, "b1"), ok},
			{reverse("b2", "r", "1"), ok},
			{instruct("i3", "r", "f", "3"), ok},
			{replacing(reverse("b3", "r", "1"), "b2"), ok},
		},
		"an instruction corrected": {
			{allocate("f1", "f", 300), ok},
			{allocate("g1", "g", 100), ok},
			{instruct("i1", "r", "f", "1", "2", "3"), ok},
			{replacing(instruct("i2", "r", "f", "1", "2", "3", "4"), "i1"), "rejected fund_exceeded:data.fund"},
			{replacing(instruct("i2", "r", "g", "1", "2"), "i1"), "rejected fund_exceeded:data.fund"},
			{replacing(instruct("i2", "r", "f", "1", "4", "5"), "i1"), ok},
			{settle("s1", "r", "2"), "rejected line_unknown:data.lines[0].line"},
			{settle("s1", "r", "4"), ok},
			{replacing(instruct("i3", "r", "f", "1"), "i2"), "rejected line_settled:replaces"},
			{withdraw("w1", inst, "i2"), "rejected line_settled:data.id"},
			{withdraw("w2", settled, "s1"), ok},
			{replacing(instruct("i3", "r", "g", "1"), "i2"), ok},
			{instruct("i4", "r", "f", "4", "5", "6"), ok},
			{instruct("i5", "r", "g", "7"), "rejected fund_exceeded:data.fund"},
		},
		"an allocation corrected": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{replacing(allocate("f2", "f", 199), "f1"), "rejected fund_exceeded:data.amount"},
			{replacing(allocate("f2", "g", 300), "f1"), "rejected fund_exceeded:data.amount"},
			{withdraw("w1", allocated, "f1"), "rejected fund_exceeded:data.id"},
			{replacing(allocate("f2", "f", 200), "f1"), ok},
			{withdraw("w2", inst, "i1"), ok},
			{withdraw("w1", allocated, "f2"), ok},
			{instruct("i2", "r", "f", "1"), "rejected unknown_fund:data.fund"},
		},
		"a settlement corrected": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1", "2", "3"), ok},
			{settle("s1", "r", "1", "2"), ok},
			{giveBack("b1", "r", "1"), ok},
			{withdraw("w1", settled, "s1"), "rejected line_returned:data.id"},
			{replacing(settle("s2", "r", "2", "3"), "s1"), "rejected line_returned:replaces"},
			{replacing(settle("s2", "r", "1", "3"), "s1"), ok},
			{settle("s3", "r", "2"), ok},
			{settle("s4", "r", "3"), "rejected line_settled:data.lines[0].line"},
			{replacing(settle("s5", "r", "1", "2"), "s2"), "rejected line_settled:data.lines[1].line"},
			{withdraw("w2", returned, "b1"), ok},
			{withdraw("w1", settled, "s2"), ok},
			{settle("s4", "r", "1", "3"), ok},
		},
		"a return corrected": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1", "2", "3"), ok},
			{settle("s1", "r", "1", "2", "3"), ok},
			{reverse("b1", "r", "1"), ok},
			{replacing(giveBack("b2", "r", "1"), "b1"), "rejected unknown_replaced:replaces"},
			{replacing(reverse("b2", "r", "2"), "b1"), ok},
			{replacing(reverse("b3", "r", "2", "3"), "b2"), ok},
			{instruct("i2", "r", "f", "4", "5"), ok},
			{replacing(reverse("b4", "r", "2"), "b3"), "rejected fund_exceeded:data.lines"},
			{replacing(reverse("b4", "r", "1", "2"), "b3"), ok},
			{withdraw("w1", reversed, "b4"), "rejected fund_exceeded:data.id"},
		},
		"contradictions are kept in record mode": {
			{recorded(settle("s1", "r", "1")), ok},
			{recorded(giveBack("b1", "r", "2")), ok},
			{recorded(allocate("f1", "f", 100)), ok},
			{recorded(instruct("i1", "r", "f", "1", "2")), ok}, // 2 came back: 100 committed
			{settle("s2", "r", "1"), "rejected line_settled:data.lines[0].line"},
			{settle("s2", "r", "2"), "rejected line_returned:data.lines[0].line"},
			{recorded(instruct("i2", "r", "f", "1")), ok}, // a second line 1, below zero
			{recorded(settle("s2", "r", "1", "1")), ok},
			{instruct("i3", "r", "f", "3"), "rejected fund_exceeded:data.fund"},
			{replacing(allocate("f2", "f", 120), "f1"), ok}, // less below zero than before
			{recorded(withdraw("w1", inst, "i1")), ok},
			{allocate("f3", "f", 80), ok},
			{instruct("i3", "r", "f", "3"), ok},
			{instruct("i4", "r", "f", "4"), "rejected fund_exceeded:data.fund"},
		},
		"what came back beforehand takes nothing, and gives nothing": {
			{recorded(giveBack("b1", "r", "1")), ok},
			{allocate("f1", "f", 100), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{instruct("i2", "r", "f", "2"), ok},
			{replacing(instruct("i3", "r", "f", "3"), "i1"), "rejected fund_exceeded:data.fund"},
			{replacing(instruct("i3", "r", "f", "1"), "i1"), ok},
		},
		"a settlement moved to another run": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{instruct("i2", "q", "f", "1"), ok},
			{settle("s1", "r", "1"), ok},
			{giveBack("b1", "r", "1"), ok},
			{replacing(settle("s2", "q", "1"), "s1"), "rejected line_returned:replaces"},
			{withdraw("w1", returned, "b1"), ok},
			{settle("s3", "q", "1"), ok},
			{replacing(settle("s2", "q", "1"), "s1"), "rejected line_settled:data.lines[0].line"},
			{withdraw("w2", settled, "s3"), ok},
			{replacing(settle("s2", "q", "1"), "s1"), ok},
			{settle("s4", "r", "1"), ok},
		},
		"a line named twice in a return comes back once": {
			{allocate("f1", "f", 100), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{settle("s1", "r", "1"), ok},
			{recorded(giveBack("b1", "r", "1", "1")), ok},
			{instruct("i2", "r", "f", "2"), ok},
			{withdraw("w1", returned, "b1"), "rejected fund_exceeded:data.id"},
			{withdraw("w2", inst, "i2"), ok},
			{withdraw("w1", returned, "b1"), ok},
		},
		"a return moved to another run": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{instruct("i2", "q", "f", "1"), ok},
			{settle("s1", "r", "1"), ok},
			{settle("s2", "q", "1"), ok},
			{giveBack("b1", "r", "1"), ok},
			{giveBack("b2", "q", "1"), ok},
			{replacing(giveBack("b3", "q", "1"), "b1"), "rejected line_returned:data.lines[0].line"},
			{withdraw("w1", returned, "b2"), ok},
			{replacing(giveBack("b3", "q", "1"), "b1"), ok},
			{giveBack("b4", "r", "1"), ok},
		},
		"two lines under one id come back together": {
			{allocate("f1", "f", 200), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{recorded(instruct("i2", "r", "f", "1")), ok},
			{settle("s1", "r", "1"), ok},
			{giveBack("b1", "r", "1"), ok},
			{instruct("i3", "r", "f", "2", "3", "4"), "rejected fund_exceeded:data.fund"},
			{instruct("i3", "r", "f", "2", "3"), ok},
		},
		"superseded before it came": {
			{recorded(replacing(instruct("i2", "r", "f", "1"), "i1")), ok},
			{recorded(withdraw("w1", settled, "s1")), ok},
			{allocate("f1", "f", 100), ok},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{settle("s1", "r", "1"), ok},
			{settle("s2", "r", "1"), ok},
			{settle("s3", "r", "2"), "rejected line_unknown:data.lines[0].line"},
		},
		"no sum of money": {
			{allocate("f1", "f", 1e15), ok},
			{dear(instruct("i1", "r", "f", many(2)...)), "rejected fund_exceeded:data.fund"},
			{recorded(dear(instruct("i2", "r", "f", many(4001)...))), "rejected invalid:data.fund"},
			{dear(instruct("i2", "r", "f", many(9300)...)), "rejected invalid:data.fund"},
		},
		"settled in parts, and a part recovered": {
			{allocate("f1", "f", 100), ok},
			{instruct("i1", "r", "f", "1"), ok},
			{giveBack("b0", "r", "1"), "rejected line_not_settled:data.lines[0].line"},
			{amountOf(settle("s1", "r", "1"), 40), ok},
			{amountOf(settle("s2", "r", "1"), 61), "rejected over_settled:data.lines[0].amount"},
			{amountOf(reverse("b1", "r", "1"), 41), "rejected over_returned:data.lines[0].amount"},
			{settle("s2", "r", "1"), ok}, // the rest, 60
			{settle("s3", "r", "1"), "rejected line_settled:data.lines[0].line"},
			{amountOf(settle("s3", "r", "1"), 1), "rejected over_settled:data.lines[0].amount"},
			{amountOf(reverse("b1", "r", "1"), 30), ok},
			{amountOf(instruct("i2", "r", "f", "2"), 31), "rejected fund_exceeded:data.fund"},
			{amountOf(instruct("i2", "r", "f", "2"), 30), ok},
			{withdraw("w1", reversed, "b1"), "rejected fund_exceeded:data.id"},
			{withdraw("w2", settled, "s2"), ok},
			{withdraw("w3", settled, "s1"), "rejected line_returned:data.id"},
			{giveBack("b2", "r", "1"), ok}, // the rest, 10
			{giveBack("b3", "r", "1"), "rejected line_returned:data.lines[0].line"},
			{amountOf(settle("s4", "r", "1"), 60), ok},
		},
		"rejected before credit": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1", "2", "3"), ok},
			{settle("s1", "r", "1", "2"), ok},
			{reject("j0", "r", "1"), "rejected line_settled:data.lines[0].line"},
			{reject("j0", "x", "1"), "rejected unknown_run:data.run"},
			{reject("j0", "r", "9"), "rejected line_unknown:data.lines[0].line"},
			{reject("j1", "r", "3"), ok},
			{reject("j2", "r", "3"), "rejected line_rejected:data.lines[0].line"},
			{settle("s2", "r", "3"), "rejected line_rejected:data.lines[0].line"},
			{giveBack("b1", "r", "3"), "rejected line_not_settled:data.lines[0].line"},
			{instruct("i2", "r", "f", "3"), ok}, // again, under its id
			{withdraw("w1", events.PaymentRejectedType, "j1"), "rejected line_repeated:data.id"},
			{instruct("i3", "r2", "f", "1"), "rejected fund_exceeded:data.fund"},
			{instruct("i3", "r", "f", "3"), "rejected line_repeated:data.lines[0].line"},
			{amountOf(settle("s2", "r", "3"), 30), ok},
			{reject("j2", "r", "3"), ok}, // the rest, 70
			{amountOf(instruct("i3", "r2", "f", "1"), 71), "rejected fund_exceeded:data.fund"},
			{amountOf(instruct("i3", "r2", "f", "1"), 70), ok},
			{settle("s3", "r2", "1"), ok},
		},
		"a rejected line corrected and given up": {
			{allocate("f1", "f", 200), ok},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{settle("s1", "r", "1"), ok},
			{reject("j1", "r", "2"), ok},
			{replacing(instruct("i2", "r", "f", "1"), "i1"), ok}, // given up
			{instruct("i3", "r", "f", "2"), "rejected line_rejected:data.lines[0].line"},
			{instruct("i3", "r", "f", "3"), ok},
			{replacing(instruct("i4", "r", "f", "1", "4"), "i2"), "rejected fund_exceeded:data.fund"},
		},
		"an instruction replaced after a settlement": {
			{allocate("f1", "f", 300), ok},
			{instruct("i1", "r", "f", "1", "2"), ok},
			{settle("s1", "r", "1"), ok},
			{replacing(amountOf(instruct("i2", "r", "f", "2", "1"), 99), "i1"), "rejected line_settled:replaces"},
			{replacing(line(instruct("i2", "r", "f", "2", "1"), of("3", "a", "", "")), "i1"), "rejected line_settled:replaces"},
			{replacing(amountOf(instruct("i2", "r", "f", "1", "2"), 150), "i1"), ok},
			{settle("s2", "r", "2"), ok},
			{settle("s3", "r", "1"), "rejected line_settled:data.lines[0].line"},
			{replacing(instruct("i3", "r", "f", "1", "2"), "i2"), "rejected line_settled:replaces"},
		},
		"two offices call their run alike": {
			{allocate("f1", "f", 100), ok},
			{forDivision("370212000000", allocate("g1", "g", 100)), ok},
			{instruct("i1", "2022-05", "f", "1"), ok},
			{by("b", settle("s1", "2022-05", "1")), "rejected unknown_run:data.run"},
			{by("b", in("370211000000", orderedBy("local", settle("s1", "2022-05", "1")))), ok},
			{by("b", elsewhere(orderedBy("local", giveBack("b1", "2022-05", "1")))), "rejected unknown_run:data.ordered_by"},
			{recorded(by("b", elsewhere(orderedBy("/agency/local", giveBack("b1", "2022-05", "1"))))), "rejected unknown_run:data.ordered_by"},
			{by("b", orderedBy("nobody", settle("s2", "2022-05", "1"))), "rejected unknown_run:data.ordered_by"},
			{settle("s2", "2022-05", "1"), "rejected line_settled:data.lines[0].line"},
			{by("b", recorded(settle("s3", "2022-05", "1"))), ok}, // of its own run, to come
			{by("b", allocate("h1", "h", 100)), ok},
			{by("b", instruct("i1", "2022-05", "h", "1")), ok},
			{by("b", settle("s4", "2022-05", "1")), "rejected line_settled:data.lines[0].line"},
		},
		"every day of a fund": {
			{on("2022-01-01", allocate("f1", "f", 100)), ok},
			{on("2022-03-01", instruct("i1", "r", "f", "1")), ok},
			{on("2022-02-01", instruct("i2", "q", "f", "1")), "rejected fund_exceeded:data.fund"},
			{on("2021-12-31", amountOf(instruct("i2", "q", "f", "1"), 1)), "rejected fund_exceeded:data.fund"},
			{on("2022-04-01", allocate("f2", "f", 100)), ok},
			{on("2022-02-01", instruct("i2", "q", "f", "1")), "rejected fund_exceeded:data.fund"},
			{on("2022-04-01", instruct("i2", "q", "f", "1")), ok},
			{handBack("u1", "f", "2022-05-01", 1), "rejected fund_exceeded:data.amount"},
			{withdraw("w1", inst, "i2"), ok},
			{handBack("u1", "f", "2022-03-31", 1), "rejected fund_exceeded:data.amount"},
			{handBack("u1", "f", "2022-04-30", 60), ok},
			{on("2022-04-29", instruct("i3", "q", "f", "1")), "rejected fund_exceeded:data.fund"},
			{on("2022-04-29", amountOf(instruct("i3", "q", "f", "1"), 40)), ok},
			{handBack("u2", "z", "2022-04-30", 1), "rejected unknown_fund:data.fund"},
			{elsewhere(handBack("u2", "f", "2022-04-30", 1)), "rejected division_outside:data.fund"},
			{replacing(handBack("u2", "f", "2022-04-30", 50), "u1"), ok},
		},
		"money that may be used until a day": {
			{until("2022-12-31", on("2022-01-01", allocate("f1", "f", 100))), ok},
			{on("2023-01-01", amountOf(instruct("i1", "r", "f", "1"), 50)), "rejected fund_expired:data.fund"},
			{on("2022-12-31", amountOf(instruct("i1", "r", "f", "1"), 50)), ok},
			{on("2023-01-01", allocate("f2", "f", 20)), ok},
			{on("2023-01-02", amountOf(instruct("i2", "r", "f", "2"), 21)), "rejected fund_expired:data.fund"},
			{on("2023-01-02", amountOf(instruct("i2", "r", "f", "2"), 20)), ok},
			{withdraw("w1", allocated, "f2"), "rejected fund_expired:data.id"},
			{handBack("u1", "f", "2022-12-31", 50), ok},
			{until("2022-06-20", allocate("f3", "f", 1)), "rejected invalid:data.usable_until"},
		},
		"kinds of pay": {
			{allocate("f1", "f", 1000), ok},
			{line(instruct("i1", "r", "f", "1"), of("2", "a", "", "bonus")), "rejected pay_kind_unknown:data.lines[0].kind"},
			{line(instruct("i1", "r", "f", "1"), of("1", "a", "2022-05", "delay_compensation")), ok},
			{recorded(line(instruct("i2", "r", "f", "2"), of("2", "a", "", "bonus"))), ok},
		},
		"lines that are made of the person": {
			{allocate("f1", "f", 1000), ok},
			{line(instruct("i1", "r", "f", "", ""), of("3", "a", "", "")), ok},
			{line(instruct("i2", "r", "f", ""), of("3", "a", "", "")), "rejected line_repeated:data.lines[0].line"},
			{line(instruct("i2", "r", "f", ""), of("3", "a", "2022-04", "")), ok},
			{line(instruct("i3", "r", "f", ""), of("3", "a", "", "insurance")), ok},
			{settle("s1", "r", person(2).String()+".a", person(3).String()+".a", person(3).String()+".a.2022-04", person(3).String()+".a.insurance"), ok},
		},
		"accounts": {
			{assigned("a1", 2, "2022-05-01"), ok},
			{withdraw("w1", events.AccountAssignedType, "a1"), ok},
			{assigned("a2", 77, "2022-05-01"), "rejected not_placed:data.from"},
			{recorded(assigned("a3", 77, "2022-05-01")), ok},
			{assigned("a4", 2, "2022-03-01"), ok}, // before the on-duty day
			{elsewhere(assigned("a5", 2, "2022-05-01")), "rejected division_outside:division"},
			{elsewhere(recorded(assigned("a6", 2, "2022-05-01"))), "rejected division_outside:division"},
			{in("370211000000", assigned("a7", 2, "2022-05-01")), ok},
			{assigned("a8", 1, "2023-06-01"), ok}, // still on another post
			{assigned("a9", 9, "2023-05-01"), ok},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := memlog.New()
			d, _, live := start(t, l, village())
			for i, s := range steps {
				if got := answer(submit(t, d, s.event)); got != s.want {
					t.Fatalf("step %d, %s: %s, want %s", i, s.event.ID, got, s.want)
				}
			}
			_, _, folded := start(t, l, village())
			if a, b := dump(live), dump(folded); a != b {
				t.Errorf("the live state\n%sis not the folded one\n%s", a, b)
			}
		})
	}
}

// amountOf sets the amount of the first line of an event, or of the last line of an order.
func amountOf(e *events.Event, amount events.Fen) *events.Event {
	switch d := e.Data.(type) {
	case *events.PaymentInstructed:
		d.Lines[len(d.Lines)-1].Amount = amount
	case *events.PaymentSettled:
		d.Lines[0].Amount = amount
	case events.Restitution:
		_, lines := d.Restitution()
		lines[0].Amount = amount
	}
	return e
}

// by makes an event one of another agency.
func by(agency string, e *events.Event) *events.Event {
	e.Source = "/agency/" + agency
	return e
}

// orderedBy has an event speak of a run of another agency.
func orderedBy(agency string, e *events.Event) *events.Event {
	switch d := e.Data.(type) {
	case *events.PaymentSettled:
		d.OrderedBy = agency
	case *events.PaymentReturned:
		d.OrderedBy = agency
	}
	return e
}

// on sets the day of an order or an allocation.
func on(day string, e *events.Event) *events.Event {
	switch d := e.Data.(type) {
	case *events.PaymentInstructed:
		d.On = civil.MustDate(day)
	case *events.FundAllocated:
		d.On = civil.MustDate(day)
	}
	return e
}

// until sets the last day on which money of an allocation may be used.
func until(day string, e *events.Event) *events.Event {
	e.Data.(*events.FundAllocated).UsableUntil = civil.MustDate(day)
	return e
}

func reject(id, run string, lines ...string) *events.Event {
	d := &events.PaymentRejected{Run: run, On: civil.MustDate("2022-06-11")}
	for _, l := range lines {
		d.Lines = append(d.Lines, events.RejectedLine{Line: l})
	}
	return event(id, d)
}

func handBack(id, fund, day string, amount events.Fen) *events.Event {
	return event(id, &events.FundSurrendered{Fund: fund, On: civil.MustDate(day), Amount: amount, Reason: "left over"})
}

// many returns n line ids.
func many(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = string([]byte{'a' + byte(i/676%26), 'a' + byte(i/26%26), 'a' + byte(i%26)})
	}
	return ids
}

// dear sets every amount of an instruction to the largest that the contract allows.
func dear(e *events.Event) *events.Event {
	d := e.Data.(*events.PaymentInstructed)
	for i := range d.Lines {
		d.Lines[i].Amount = 1e15
	}
	return e
}

// The detail of fund_exceeded says how many fen are left.
func TestFundExceededSaysWhatIsLeft(t *testing.T) {
	d, _, _ := start(t, memlog.New(), village())
	submit(t, d, allocate("f1", "f", 250))
	submit(t, d, instruct("i1", "r", "f", "1"))
	r := submit(t, d, instruct("i2", "r", "f", "2", "3"))
	const want = "the fund has 150 fen left on 2022-06-20, and 200 fen more are asked of it: allocate more first, or ask for less"
	if len(r.Reasons) != 1 || r.Reasons[0].Detail != want {
		t.Errorf("%+v, want %q", r.Reasons, want)
	}
}

// The records of settlements and returns name the person that each line pays. The submitted
// events are not changed.
func TestRecordsNameThePersons(t *testing.T) {
	l := memlog.New()
	d, _, _ := start(t, l, village())
	submit(t, d, allocate("f1", "f", 1000))
	i := instruct("i1", "r", "f", "1", "2")
	i.Data.(*events.PaymentInstructed).Lines[1].Person = person(3)
	submit(t, d, i)
	given := []*events.Event{settle("s1", "r", "2", "1"), giveBack("b1", "r", "2"), reverse("b2", "r", "1")}
	for _, e := range given {
		if got := answer(submit(t, d, e)); got != "accepted" {
			t.Fatal(e.ID, got)
		}
	}
	if p := given[0].Data.(*events.PaymentSettled).Lines[0].Person; p != (events.Person{}) {
		t.Error("the submission was changed")
	}
	want := map[string][]events.Person{"s1": {person(3), person(2)}, "b1": {person(3)}, "b2": {person(2)}}
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			var got []events.Person
			switch d := e.Data.(type) {
			case *events.PaymentSettled:
				for _, l := range d.Lines {
					got = append(got, l.Person)
				}
			case *events.PaymentReturned:
				got = append(got, d.Lines[0].Person)
			case *events.PaymentReversed:
				got = append(got, d.Lines[0].Person)
			}
			for i, p := range want[e.ID] {
				if got[i] != p {
					t.Errorf("%s line %d names %s, want %s", e.ID, i, got[i], p)
				}
			}
		}
	}
}
