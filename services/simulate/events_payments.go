package simulate

import (
	"fmt"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// partLines is the largest number of lines in one event of a run: about 110 KB as
// recorded.
const partLines = 1000

// eachPart calls tell for each part of a run, or for the single part that is repeated.
// first is the index of the first line of the part.
func (t *eventGenerator) eachPart(lines []payLine, tell func(part int, lines []payLine, first int)) {
	n := (len(lines) + partLines - 1) / partLines
	only := -1
	if t.item.variant() == repeated && n > 0 {
		only = t.item.index() % n
	}
	for part := range n {
		if only < 0 || part == only {
			first := part * partLines
			tell(part, lines[first:min(first+partLines, len(lines))], first)
		}
	}
}

// linesOfRun returns a run and its lines. The lines are computed once and kept for the
// months in which there are reports about them.
func (t *eventGenerator) linesOfRun(index int) (*county, *payRun, []payLine) {
	c := &t.w.counties[index/runMonths]
	lines, ok := t.runs[index]
	if !ok {
		lines = t.w.payLines(index/runMonths, index%runMonths)
		t.runs[index] = lines
		delete(t.runs, index-3)
	}
	return c, &c.runs[index%runMonths], lines
}

// runName returns the id of a run.
func (c *county) runName(r *payRun) string { return "R-" + r.month.String() + "-" + c.code.Prefix() }

func (t *eventGenerator) payInstruction(index int, k eventKind) {
	c, r, lines := t.linesOfRun(index)
	wrong := -1 // the part whose first delivery has an error
	if parts := (len(lines) + partLines - 1) / partLines; r.corrected != 0 && parts > 0 {
		wrong = index % parts
	}
	t.eachPart(lines, func(part int, lines []payLine, first int) {
		if k == runCorrected && part != wrong {
			return
		}
		data := &events.PaymentInstructed{Run: c.runName(r), Month: r.month, Fund: c.fund, Lines: make([]events.PayLine, len(lines))}
		for i, l := range lines {
			p := &t.w.placements[l.placement]
			to := &data.Lines[i]
			*to = events.PayLine{
				Line: t.lineName(first + i), IDNumber: t.w.id(p.person), Post: t.w.posts[t.w.seats[p.seat].post].id,
				Kind: payKinds[l.kind], Amount: events.Fen(l.amount),
			}
			if m := t.w.months[l.month].month; m != r.month {
				to.Month = m
			}
		}
		id, at, replaces := partID("p-", r, part), r.at, ""
		switch {
		case k == runCorrected:
			id, at, replaces = id+"-c", r.corrected, id
		case part == wrong:
			data.Lines[0].Amount += 100_00
		}
		e := t.event(id, c.agency, c.code, at, data)
		e.Subject, e.Replaces = data.Run, replaces
		t.emit(e)
	})
}

func (t *eventGenerator) paySettlement(index int) {
	c, r, lines := t.linesOfRun(index)
	t.eachPart(lines, func(part int, lines []payLine, first int) {
		data := &events.PaymentSettled{Run: c.runName(r), PaidOn: t.w.paidOn(r), Lines: make([]events.SettledLine, 0, len(lines))}
		for i, l := range lines {
			if l.rejected {
				continue
			}
			paid := events.SettledLine{Line: t.lineName(first + i)}
			if l.kind != insurance { // insurance is paid to the insurer
				paid.Number = t.w.accountAt(l.placement, r.settled)
			}
			if l.inParts {
				paid.Amount = events.Fen(l.firstPart())
			}
			data.Lines = append(data.Lines, paid)
		}
		if len(data.Lines) == 0 {
			return
		}
		e := t.event(partID("s-", r, part), c.agency, c.code, r.settled, data)
		e.Subject = data.Run
		t.emit(e)
	})
}

// partDelay is how many instants after the settlement of a run the bank's list of the second
// parts is delivered.
const partDelay = 6

// firstPart returns what the bank pays first of a line that it pays in two parts, in fen.
func (l payLine) firstPart() int32 { return (l.amount + 1) / 2 }

// payRest emits the settlement of the second parts of a run, if there are any.
func (t *eventGenerator) payRest(index int) {
	c, r, lines := t.linesOfRun(index)
	data := &events.PaymentSettled{Run: c.runName(r), PaidOn: t.w.dayOf(r.settled+partDelay) - 1}
	for i, l := range lines {
		if rest := l.amount - l.firstPart(); l.inParts && rest > 0 {
			data.Lines = append(data.Lines, events.SettledLine{
				Line: t.lineName(i), Number: t.w.accountAt(l.placement, r.settled), Amount: events.Fen(rest),
			})
		}
	}
	if len(data.Lines) > 0 {
		t.emitOfRun("s2-", c, r, r.settled+partDelay, data)
	}
}

// payRejection emits the lines of a run that the bank rejected, if there are any.
func (t *eventGenerator) payRejection(index int) {
	c, r, lines := t.linesOfRun(index)
	data := &events.PaymentRejected{Run: c.runName(r), On: t.w.paidOn(r)}
	for i, l := range lines {
		if l.rejected {
			data.Lines = append(data.Lines, events.RejectedLine{Line: t.lineName(i), Reason: "账户已注销"})
		}
	}
	if len(data.Lines) > 0 {
		t.emitOfRun(rejectedPrefix, c, r, r.settled, data)
	}
}

// emitOfRun emits an event about a run as a whole.
func (t *eventGenerator) emitOfRun(prefix string, c *county, r *payRun, at instant, data events.Data) {
	e := t.event(partID(prefix, r, 0), c.agency, c.code, at, data)
	e.Subject = c.runName(r)
	t.emit(e)
}

// paidOn returns the day of payment, which is the day before the bank's list is
// delivered.
func (w *world) paidOn(r *payRun) civil.Date { return w.dayOf(r.settled) - 1 }

// accountAt returns the account that a person is paid to at an instant.
func (w *world) accountAt(placement int32, at instant) string {
	p := &w.placements[placement]
	return account(p.person, p.cardMonth >= 0 && at >= w.replaced(p))
}

// returnedOrReversed emits the lines of a run that were returned or reversed, if there
// are any.
func (t *eventGenerator) returnedOrReversed(index int, k eventKind) {
	c, r, lines := t.linesOfRun(index)
	var list []events.ReturnedLine
	for i, l := range lines {
		switch {
		case k == runReturned && l.returned:
			list = append(list, events.ReturnedLine{Line: t.lineName(i), Reason: "账户已注销", On: t.w.dayOf(r.returned)})
		case k == runReversed && l.duplicate:
			list = append(list, events.ReturnedLine{Line: t.lineName(i), Reason: "重复发放", On: t.w.dayOf(r.reversed)})
		}
	}
	if len(list) == 0 {
		return
	}
	var e *events.Event
	if k == runReturned {
		e = t.event(partID(returnedPrefix, r, 0), c.agency, c.code, r.returned, &events.PaymentReturned{Run: c.runName(r), Lines: list})
	} else {
		e = t.event(partID("v-", r, 0), c.agency, c.code, r.reversed, &events.PaymentReversed{Run: c.runName(r), Lines: list})
	}
	e.Subject = c.runName(r)
	t.emit(e)
}

// The prefixes of ids of events about the lines of a run that did not reach anybody.
const (
	returnedPrefix = "b-"
	rejectedPrefix = "j-"
)

// partID returns the id of an event about a part of a run.
func partID(prefix string, r *payRun, part int) string {
	return fmt.Sprintf("%s%s-%02d", prefix, r.month, part)
}

// lineName returns the name of a line of a run, which is its number from 1.
func (t *eventGenerator) lineName(i int) string {
	for n := len(t.lines); n <= i; n++ {
		t.lines = append(t.lines, strconv.Itoa(n+1))
	}
	return t.lines[i]
}
