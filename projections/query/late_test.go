package query_test

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// late is a world in which an exit is reported six weeks after the person left,
// when a month has been reported and paid as if there had been none. The money
// is taken back, and the seat had been filled again meanwhile.
func late(t testing.TB) *world {
	w := newWorld(t)
	date, may := civil.MustDate, civil.MustMonth("2022-05")
	p := pack(t, "province-1", "37", "2021-01-01")
	p.Payment.Standard.Rural, p.Payment.RequiredDays, p.Payment.DueDay = 62000, 31, 15
	w.commit(at("2022-03-01 09:00"), w.event("370000000000", p))
	w.commit(at("2022-03-02 09:00"),
		w.event("370200000000", &events.PlanSet{Year: 2022, Area: "rural", Posts: 2}),
		w.event(langya, &events.PostDeveloped{Post: "a", Category: "public_service", Area: "rural", Seats: 2, From: date("2022-04-10"), Fund: "f"}))
	w.commit(at("2022-03-03 09:00"), w.event("370211000000", &events.FundAllocated{Fund: "f", Year: 2022, Amount: 500000}))
	hire := func(i, seat int, from string) *events.Event {
		return w.event(langya, &events.HirePlaced{Who: who(i), Post: "a", Seat: seat, From: date(from), Group: "older", Sex: "F"})
	}
	w.commit(at("2022-04-20 09:00"), hire(1, 1, "2022-04-20"), hire(2, 2, "2022-04-20"))
	w.commit(at("2022-06-01 09:00"), w.event(langya, &events.AttendanceReported{Post: "a", Month: may, Recorder: "clerk", Lines: []events.AttendanceLine{
		{Person: person(1), Marks: strings.Repeat("P", 31)}, {Person: person(2), Marks: strings.Repeat("P", 31)}}}))
	w.commit(at("2022-06-10 09:00"), w.event("370211000000", &events.PaymentInstructed{Run: "r", Month: may, Fund: "f", Lines: []events.PayLine{
		{Line: "1", Person: person(1), Post: "a", Amount: 62000}, {Line: "2", Person: person(2), Post: "a", Amount: 62000}}}))
	w.commit(at("2022-06-12 09:00"), w.event("370211000000", &events.PaymentSettled{Run: "r", PaidOn: date("2022-06-11"), Lines: []events.SettledLine{
		{Line: "1", Person: person(1)}, {Line: "2", Person: person(2)}}}))
	w.commit(at("2022-06-20 10:00"), w.event(langya, &events.ExitRecorded{Who: who(1), Post: "a", On: date("2022-05-11"), Kind: "natural", Code: "N1"}))
	w.commit(at("2022-06-21 09:00"), hire(3, 1, "2022-06-15"))
	w.commit(at("2022-06-25 09:00"), w.event("370211000000", &events.PaymentReversed{Run: "r", Lines: []events.ReturnedLine{
		{Line: "1", Person: person(1), On: date("2022-06-24"), Reason: "not in place"}}}))
	w.settle()
	return w
}
