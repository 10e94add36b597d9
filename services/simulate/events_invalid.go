package simulate

import (
	"bytes"
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// invalidSubmission emits a submission to be refused: a wrong check character, a date
// that does not exist, an amount below zero, an unknown post, or an unknown division.
// The first three break the contract, the others refer to what does not exist.
func (t *eventGenerator) invalidSubmission() {
	n, at := t.item.index(), t.item.at()
	d := t.w.random(forInvalid, n+1)
	i := t.reportedPlacement(&d)
	p, post, c, village := t.place(i)
	id := numberedID("bad-", n)
	who, on := t.personByID(p.person), t.w.dayOf(at)
	switch t.item.kind() {
	case hirePlaced:
		who.Identity.IDNumber = wrongCheck(who.Identity.IDNumber)
		t.emit(t.event(id, c.agency, village, at, &events.HirePlaced{Who: who, Post: post.id, From: on, Until: on + 365, Group: "older"}))
	case trainingCompleted:
		t.emitImpossibleDate(t.event(id, c.agency, village, at, &events.TrainingCompleted{Who: who, Course: "岗前培训", Hours: 8, On: on}), on)
	case runInstructed:
		m := on.Month()
		t.emit(t.event(id, c.agency, c.code, at, &events.PaymentInstructed{
			Run: fmt.Sprintf("B-%s-%d", m, n), Month: m, Fund: c.fund,
			Lines: []events.PayLine{{Line: "1", IDNumber: who.Identity.IDNumber, Post: post.id, Amount: -60_000}},
		}))
	case sheetReported:
		t.emit(t.event(id, c.agency, village, at, &events.AttendanceReported{
			Post: string(village) + "-999", Month: on.Month(), Lines: []events.AttendanceLine{{IDNumber: who.Identity.IDNumber, Marks: "P"}},
		}))
	case postDeveloped:
		nowhere := t.w.missingDivision(c.code)
		t.emit(t.event(id, c.agency, nowhere, at, &events.PostDeveloped{
			Post: id, Category: postKinds[0].category, Division: nowhere, Area: areas[0], Seats: 1, From: on, Fund: c.fund,
		}))
	default: // the others need nothing here
	}
}

// reportedPlacement picks a placement whose hire was delivered, so that nothing but the
// mistake is wrong. At the very beginning there may be none; then the person is unknown
// too.
func (t *eventGenerator) reportedPlacement(d *random) int {
	i := 0
	for range 100 {
		if i = d.intn(len(t.w.placements)); t.w.placements[i].hired <= t.item.at() {
			break
		}
	}
	return i
}

// emitImpossibleDate emits an event whose date is the 31st of a month of thirty days.
func (t *eventGenerator) emitImpossibleDate(e *events.Event, on civil.Date) {
	raw, err := e.Append(nil)
	if err != nil {
		panic(err) // simulated events are UTF-8
	}
	date := on.String()
	raw = bytes.Replace(raw, []byte(`"on":"`+date), []byte(`"on":"`+date[:5]+"06-31"), 1)
	if !t.stopped && !t.yield(Submission{Delivered: t.w.timeOf(t.item.at()), Raw: raw, Invalid: true}) {
		t.stopped = true
	}
}

// wrongCheck returns an identity number with a wrong check character.
func wrongCheck(id string) string {
	const chars = "0123456789X"
	return id[:17] + string(chars[(bytes.IndexByte([]byte(chars), id[17])+1)%len(chars)])
}

// missingDivision returns a division of a county that the table does not have.
func (w *world) missingDivision(county division.Code) division.Code {
	for n := 999; ; n-- {
		if c := county[:6] + division.Code(fmt.Sprintf("%03d999", n)); !w.cfg.Divisions.Has(c) {
			return c
		}
	}
}
