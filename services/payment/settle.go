package payment

import "github.com/muster-works/muster/events"

// settle decides a settlement. It returns the settlement to record, which names the source of
// the run and the person that each line pays, and how much of a line that was settled in parts.
func (j *judgement) settle(e *events.Event, d *events.PaymentSettled) *events.PaymentSettled {
	record := *d
	record.Lines = append([]events.SettledLine(nil), d.Lines...)
	j.retract()
	f, ok := j.find(e, d)
	record.OrderedBy = f.source
	seen := make(map[string]struct{}, len(d.Lines))
	for i := range record.Lines {
		if !ok || j.full() {
			break
		}
		l := &record.Lines[i]
		if paid, simple := j.simple(f.run, l, seen); simple {
			seen[l.Line] = struct{}{}
			l.Person = *j.state.persons.At(paid.person)
			j.checkDivision(e, i, f, f.run.fund(paid))
			continue
		}
		a, known := j.findLine(i, f.run, l.Line, seen)
		if !known || !j.checkDivision(e, i, f, a.orders[0].fund) {
			continue
		}
		l.Person = *j.state.persons.At(a.last().person)
		if back := a.returned(); back > 0 && back >= a.ordered()-a.rejected() && !j.retracted(f.run, l.Line) {
			j.contradiction(LineReturned, at(i, "line"), cameBack)
			continue // in record mode nothing else depends on it
		}
		j.settleLine(i, a, &l.Amount)
	}
	j.judgeAccounts("replaces")
	j.judgeFunds("data.lines")
	return &record
}

// simple returns the ordered line that l settles whole, as nearly all lines are settled: it was
// not settled before, and nothing else is on record of it. Such a settlement changes no sum.
func (j *judgement) simple(r *run, l *events.SettledLine, seen map[string]struct{}) (paid line, ok bool) {
	if _, twice := seen[l.Line]; twice || r == nil || l.Amount != 0 || j.superseded.kind != noEffect {
		return line{}, false
	}
	n, ok := r.names.head(l.Line)
	if !ok {
		return line{}, false
	}
	paid, ok = r.alone(n)
	return paid, ok && paid.fund != 0 && paid.settled == 0 && paid.amount > 0
}

// last returns the order that was given last; the account has one.
func (a *account) last() order { return a.orders[len(a.orders)-1] }

// settleLine decides that an amount of line i was settled, and enters it. An amount of 0 is the
// rest, and is filled in if the line was not settled whole by one event.
func (j *judgement) settleLine(i int, a *account, amount *events.Fen) {
	open := a.open()
	rejected := a.rejected()
	switch {
	case open > 0 && int64(*amount) <= open:
	case open <= 0 && a.returned() > 0 && *amount == 0:
		j.contradiction(LineReturned, at(i, "line"), cameBack)
	case open <= 0 && rejected > 0 && a.settled() == 0:
		j.contradiction(LineRejected, at(i, "line"), events.Say("was rejected by the bank; order it again first, or withdraw the rejection", "这一笔已被银行拒付；请先重新发放，或撤销拒付"))
	case *amount == 0:
		j.contradiction(LineSettled, at(i, "line"), events.Say("was settled before", "这一笔以前已到账"))
	default:
		j.contradiction(OverSettled, at(i, "amount"), events.Say(
			"is %d fen, and %d fen of the line are neither settled nor rejected; report what was paid of what was ordered",
			"为%d分，而该笔尚未到账也未拒付的只有%d分；请按所发放的金额报送实际到账数", *amount, max(open, 0)))
	}
	if *amount == 0 && open > 0 && !(a.plain() && a.whole == 0) {
		*amount = events.Fen(open)
	}
	if *amount == 0 {
		a.whole++
		return
	}
	a.parts = append(a.parts, part{settledPart, 0, int64(*amount)})
}

var cameBack = events.Say("came back before; instruct it anew under another line id", "这一笔以前已退回；请用另一笔编号重新发放")

// restitute decides a return or a reversal. It returns the payload to record, which names the
// source of the run and the person that each line pays, and how much of a line that was settled
// or came back in parts.
func (j *judgement) restitute(e *events.Event, d events.Restitution) events.Data {
	_, lines := d.Restitution()
	record := append([]events.ReturnedLine(nil), lines...)
	j.retract()
	f, ok := j.find(e, d)
	seen := make(map[string]struct{}, len(lines))
	for i := range record {
		if !ok || j.full() {
			break
		}
		l := &record[i]
		a, known := j.findLine(i, f.run, l.Line, seen)
		if !known || !j.checkDivision(e, i, f, a.orders[0].fund) {
			continue
		}
		l.Person = *j.state.persons.At(a.last().person)
		j.restituteLine(i, a, l)
	}
	j.judgeAccounts("replaces")
	j.judgeFunds("data.lines")
	return d.With(f.source, record)
}

// restituteLine decides that line i came back, and enters it.
func (j *judgement) restituteLine(i int, a *account, l *events.ReturnedLine) {
	settled, back := a.settled(), a.returned()
	switch {
	case settled == 0:
		j.contradiction(LineNotSettled, at(i, "line"), events.Say(
			"has not been settled, so that nothing can come back; if the bank refused it before credit, report payment.rejected, or correct the instruction with replaces",
			"这一笔尚未到账，无从退回；如在入账前被银行拒付，请报送拒付，或用replaces更正发放"))
	case back >= settled:
		j.contradiction(LineReturned, at(i, "line"), events.Say("came back before", "这一笔以前已退回"))
	case int64(l.Amount) > settled-back:
		j.contradiction(OverReturned, at(i, "amount"), events.Say(
			"is %d fen, and %d fen of the line were settled and have not come back; report at most that much",
			"为%d分，而该笔已到账且尚未退回的只有%d分；最多报送这个数", l.Amount, settled-back))
	}
	if l.Amount == 0 && !a.plain() && settled > back {
		l.Amount = events.Fen(settled - back)
	}
	a.parts = append(a.parts, part{returnedPart, l.On, int64(l.Amount)})
}

// reject decides a rejection. It returns the rejection to record, which says how much of each
// line the bank refused.
func (j *judgement) reject(e *events.Event, d *events.PaymentRejected) *events.PaymentRejected {
	record := *d
	record.Lines = append([]events.RejectedLine(nil), d.Lines...)
	j.retract()
	f, ok := j.find(e, d)
	record.OrderedBy = f.source
	seen := make(map[string]struct{}, len(d.Lines))
	for i := range record.Lines {
		if !ok || j.full() {
			break
		}
		l := &record.Lines[i]
		a, known := j.findLine(i, f.run, l.Line, seen)
		if !known || !j.checkDivision(e, i, f, a.orders[0].fund) {
			continue
		}
		l.Person = *j.state.persons.At(a.last().person)
		open := a.open()
		switch {
		case open > 0:
			l.Amount = events.Fen(open)
		case a.settled() > 0:
			j.contradiction(LineSettled, at(i, "line"), events.Say(
				"was settled before; if the bank sent the money back, report payment.returned", "这一笔以前已到账；如银行已退回，请报送退汇"))
		default:
			j.contradiction(LineRejected, at(i, "line"), events.Say("was rejected before", "这一笔以前已被拒付"))
		}
		a.parts = append(a.parts, part{rejectedPart, d.On, int64(l.Amount)})
	}
	j.judgeAccounts("replaces")
	j.judgeFunds("data.lines")
	return &record
}

// surrender decides that money was handed back.
func (j *judgement) surrender(e *events.Event, d *events.FundSurrendered) {
	j.retract()
	f := j.state.funds[d.Fund]
	if f == nil || f.allocations == 0 {
		j.contradiction(UnknownFund, "data.fund", unknownFund)
	}
	if f == nil {
		f = new(fund)
	}
	if !f.concerns(e.Division) {
		j.refuse(DivisionOutside, "data.fund", events.Say(
			"was allocated for another division than the event's; who answers for that division hands the money back",
			"是为其他行政区划下达的；请由该行政区划的主管单位上缴"))
	}
	j.changeFund(f, d.On, -int64(d.Amount), 0).surrendered += int64(d.Amount)
	j.judgeFunds("data.amount")
}
