package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/fund"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/query/money"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/rulebook"
)

// moneyHistory makes a random history of packs, posts, people, suspensions, sheets and pay, with
// corrections, withdrawals, several sheets for one day, and lines that are returned, in
// random order and commits. Posts and hires come first: the roll of a division does not
// find a person who is paid for a post without ever having been placed on it.
func moneyHistory(w *world, r *rand.Rand) {
	date := func() civil.Date { return civil.MustDate("2022-04-20") + civil.Date(r.IntN(60)) }
	month := func() civil.Month { return civil.MustMonth("2022-04") + civil.Month(r.IntN(3)) }
	places := []division.Code{langya, beside, jiefang, "370102001003"}
	var first, all []*events.Event
	add := func(d events.Data) *events.Event {
		e := w.event(places[r.IntN(len(places))], d)
		e.AuthDivision = []string{"", "37", "3702", "370211", "370211102", "370211102231"}[r.IntN(6)]
		all = append(all, e)
		if r.IntN(12) == 0 {
			all = append(all, w.event(e.Division, &events.EventWithdrawn{Of: e.Type, ID: e.ID, Reason: "a mistake"}))
		}
		return e
	}
	for i, jurisdiction := range []string{"37", "3702", "370102001", "37"} {
		p := pack(w.t, fmt.Sprint("v", i), jurisdiction, []string{"2021-01-01", "2022-05-01", "2022-06-01", "2022-05-15"}[i])
		p.Payment.Standard.Rural, p.Payment.RequiredDays, p.Payment.DueDay = int64(10000*(i+3)), 18+i, 10+i
		p.Attendance.HalfDayPercent, p.Attendance.LeavePercent = 50-10*i, 25*i
		if i == 1 {
			p.Attendance.Ranks = []string{"county", "inspection", "village"}
		}
		add(p)
	}
	for i := range 6 {
		d := &events.PostDeveloped{Post: fmt.Sprint("p", i), Category: "public_service", Area: []string{"rural", "urban"}[i%2], Seats: 9, From: civil.MustDate("2022-01-01"), Fund: "f"}
		if i > 3 {
			d.Standard, d.RequiredDays = 70001, 17
		}
		e := w.event(places[i%len(places)], d)
		first = append(first, e)
		if i%2 == 0 { // corrected later: elsewhere, for other money
			again := *d
			again.Standard += 1000
			all = append(all, replacing(w.event(places[r.IntN(len(places))], &again), e.ID))
		}
	}
	for i := range 3 {
		add(&events.FundAllocated{Fund: fmt.Sprint("f", i%2), Year: 2022 + i%2, Amount: events.Fen(1000 + i)})
		add(&events.FundAllocated{Fund: fmt.Sprint("f", i%2), Year: 2022, On: date(), Amount: events.Fen(50000 + i)})
		add(&events.FundSurrendered{Fund: fmt.Sprint("f", i%2), On: date(), Amount: events.Fen(30 + i), Reason: "the end of the year"})
	}
	line, again := 0, map[*events.Event]*events.Event{} // orders of lines that were rejected, by the rejection
	for i := range 40 {
		post, from := fmt.Sprint("p", r.IntN(6)), date()
		first = append(first, w.event(langya, &events.HirePlaced{Who: who(i), Post: post, Seat: i, From: from, Group: "older", Sex: "F"}))
		if r.IntN(3) == 0 {
			add(&events.ExitRecorded{Who: who(i), Post: post, On: from + 1 + civil.Date(r.IntN(50)), Kind: "natural", Code: "N1"})
		}
		if r.IntN(2) == 0 {
			s := &events.HireSuspended{Who: who(i), Post: post, From: from + civil.Date(r.IntN(30)), Reason: "illness"}
			if r.IntN(2) == 0 {
				s.Until = s.From + 1 + civil.Date(r.IntN(30))
			}
			add(s)
			if r.IntN(2) == 0 {
				add(&events.HireResumed{Who: who(i), Post: post, On: s.From + civil.Date(r.IntN(30))})
			}
		}
		sheet := func() *events.AttendanceReported {
			m := month()
			marks := make([]byte, m.Days())
			for d := range marks {
				marks[d] = "PPPPPPHLSA.-"[r.IntN(12)]
			}
			return &events.AttendanceReported{Post: post, Month: m, Recorder: "clerk", Lines: []events.AttendanceLine{{Person: person(i), Marks: string(marks)}}}
		}
		for range r.IntN(4) {
			if e := add(sheet()); r.IntN(4) == 0 {
				all = append(all, replacing(w.event(e.Division, sheet()), e.ID))
			}
		}
		for range r.IntN(3) { // somebody looks on site, or a clerk sends a day by itself
			capacity, mark := []string{"", "inspection"}[r.IntN(2)], string("PHSLA.-"[r.IntN(7)])
			add(&events.AttendanceReported{Post: post, Date: date(), Capacity: capacity, Lines: []events.AttendanceLine{{Person: person(i), Mark: mark}}})
		}
		for range r.IntN(3) {
			line++
			// Runs of two sources and of nobody, as before 1.1, have the same names and lines.
			run, owner := fmt.Sprint("r", r.IntN(3)), []string{"", "/agency/a", "/agency/b"}[line%3]
			name := fmt.Sprint(line / 3)
			instructed := func(amount int) *events.PaymentInstructed {
				d := &events.PaymentInstructed{Run: run, OrderedBy: owner, Month: month(), Fund: fmt.Sprint("f", r.IntN(2)), Lines: []events.PayLine{{
					Line: name, Person: person(i), Post: post, Amount: events.Fen(amount), Kind: []string{"", "allowance", "arrears", "insurance", "delay_compensation"}[r.IntN(5)]}}}
				if owner != "" {
					d.On = date()
				}
				return d
			}
			d := instructed(30000 + r.IntN(30000))
			e := w.event(langya, d)
			all = append(all, e)
			corrected := r.IntN(6) == 0
			if corrected {
				all = append(all, replacing(w.event(langya, instructed(r.IntN(60000))), e.ID))
			}
			part := func() events.Fen { return events.Fen(r.IntN(2) * (1 + r.IntN(40000))) } // or the rest
			for range 1 + r.IntN(3) {
				if r.IntN(3) > 0 {
					add(&events.PaymentSettled{Run: run, OrderedBy: owner, PaidOn: date(), Lines: []events.SettledLine{{Line: name, Person: person(i), Amount: part()}}})
				}
				if back := []events.ReturnedLine{{Line: name, Person: person(i), On: date() + 10, Reason: "closed", Amount: part()}}; r.IntN(6) == 0 {
					add(&events.PaymentReturned{Run: run, OrderedBy: owner, Lines: back})
				} else if r.IntN(7) == 0 {
					add(&events.PaymentReversed{Run: run, OrderedBy: owner, Lines: back})
				}
				if r.IntN(8) == 0 {
					rejected := w.event(langya, &events.PaymentRejected{Run: run, OrderedBy: owner, On: date(), Lines: []events.RejectedLine{{Line: name, Person: person(i), Reason: "closed", Amount: part()}}})
					all = append(all, rejected)
					if !corrected && r.IntN(3) == 0 {
						order := instructed(1 + r.IntN(30000))
						order.Lines[0].Kind, order.Month, order.Fund = d.Lines[0].Kind, d.Month, d.Fund
						again[rejected] = w.event(langya, order)
					}
				}
			}
		}
	}
	all = append(all, changes(w, r, 6, 12, places, func() civil.Date { return date() - 10 })...)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, e := range slices.Clone(all) {
		if order := again[e]; order != nil {
			all = slices.Insert(all, slices.Index(all, e)+1, order)
		}
	}
	all = append(first, all...)
	published(all, r)
	recorded := at("2022-04-20 00:00")
	for _, e := range all { // one boundary a commit, as the services keep it
		recorded = recorded.Add(time.Duration(r.IntN(3)) * 7 * time.Hour)
		w.commit(recorded, e)
		if r.IntN(30) == 0 { // what is held in memory grows by parts
			w.settle()
			ask[money.Payroll](w, "/v1/payroll?month=2022-05")
			ask[money.Payroll](w, "/v1/payroll?month=2022-06")
		}
	}
	w.settle()
}

// published lets several agencies publish the events, each correcting its own.
func published(all []*events.Event, r *rand.Rand) {
	source := map[string]string{}
	for _, e := range all {
		source[e.ID] = "/agency/" + []string{"north", "south", "west"}[r.IntN(3)] + "/a"
	}
	of := func(e *events.Event) string {
		for {
			superseded, _ := e.Supersedes()
			old := superseded.ID
			i := slices.IndexFunc(all, func(x *events.Event) bool { return x.ID == old })
			if i < 0 {
				return source[e.ID]
			}
			e = all[i]
		}
	}
	for _, e := range all {
		e.Source, e.AuthID = of(e), ""
	}
}

// paidLine is a pay line and what became of it, put together from raw events.
type paidLine struct {
	events.PayLine
	run  *events.PaymentInstructed
	said []said
	more []*paidLine // orders of a line that was rejected, but the first
}

// said is what one event says of a line: that so much of it, or the rest, was paid, came back, or
// was refused on a day.
type said struct {
	what   string
	on     civil.Date
	amount events.Fen
}

func (l *paidLine) month() civil.Month {
	if l.Month != 0 {
		return l.Month
	}
	return l.run.Month
}

func (l *paidLine) ordered() civil.Date {
	if l.run.On != 0 {
		return l.run.On
	}
	return l.run.Month.First()
}

// counts reports whether the line is part of what a month earns.
func (l *paidLine) counts() bool { return l.Kind != "insurance" && l.Kind != "delay_compensation" }

// all returns what was ordered of the line in all.
func (l *paidLine) all() (sum events.Fen) {
	for _, m := range l.more {
		sum += m.Amount
	}
	return sum + l.Amount
}

// orderedBy returns what was ordered of the line until a day.
func (l *paidLine) orderedBy(day civil.Date) (sum events.Fen) {
	for _, m := range append(l.more[:len(l.more):len(l.more)], l) {
		if m.ordered() <= day {
			sum += m.Amount
		}
	}
	return sum
}

// total returns what was said of the line in all by events of one kind; whole is what the rest is
// the rest of.
func (l *paidLine) total(what string, whole events.Fen) (sum events.Fen) {
	rest := false
	for _, s := range l.said {
		if s.what == what {
			sum += s.amount
			rest = rest || s.amount == 0
		}
	}
	if rest {
		sum = max(sum, whole)
	}
	return sum
}

// until returns what was said until a day. The rest counts from the first day on which an event
// says it.
func (l *paidLine) until(day civil.Date, what string, whole events.Fen) (sum events.Fen) {
	parts, rest := events.Fen(0), civil.Date(1<<30)
	for _, s := range l.said {
		switch {
		case s.what != what:
		case s.amount == 0:
			rest = min(rest, l.since(s))
		default:
			parts += s.amount
			if l.since(s) <= day {
				sum += s.amount
			}
		}
	}
	if rest <= day {
		sum += max(0, whole-parts)
	}
	return sum
}

// since returns the day since which something that was said counts.
func (l *paidLine) since(s said) civil.Date {
	if s.what == "paid" {
		return s.on
	}
	first := l.ordered()
	for _, m := range l.more {
		first = min(first, m.ordered())
	}
	return max(s.on, first)
}

// on returns what stands in the books of the line on a day.
func (l *paidLine) on(day civil.Date) (settled, returned, rejected events.Fen) {
	paid := l.total("paid", l.all())
	back := paid
	if paid == 0 {
		back = l.all()
	}
	returned = l.until(day, "back", back)
	settled = max(0, l.until(day, "paid", l.all())-returned)
	rejected = l.until(day, "refused", max(0, l.all()-paid))
	return settled, returned, rejected
}

// payLines returns the pay lines of events that stand, by run and line.
func payLines(stand []events.Data) map[string]*paidLine {
	lines := map[string]*paidLine{}
	for _, d := range stand {
		if d, ok := d.(*events.PaymentInstructed); ok {
			for _, l := range d.Lines {
				key, line := fmt.Sprint(d.OrderedBy, "/", d.Run, "/", l.Line), &paidLine{PayLine: l, run: d}
				if lines[key] != nil {
					line.more = append(lines[key].more, lines[key])
				}
				lines[key] = line
			}
		}
	}
	say := func(owner, run, line, what string, on civil.Date, amount events.Fen) {
		if p := lines[fmt.Sprint(owner, "/", run, "/", line)]; p != nil {
			p.said = append(p.said, said{what, on, amount})
		}
	}
	for _, d := range stand {
		switch d := d.(type) {
		case *events.PaymentSettled:
			for _, l := range d.Lines {
				say(d.OrderedBy, d.Run, l.Line, "paid", d.PaidOn, l.Amount)
			}
		case *events.PaymentReturned:
			for _, l := range d.Lines {
				say(d.OrderedBy, d.Run, l.Line, "back", l.On, l.Amount)
			}
		case *events.PaymentReversed:
			for _, l := range d.Lines {
				say(d.OrderedBy, d.Run, l.Line, "back", l.On, l.Amount)
			}
		case *events.PaymentRejected:
			for _, l := range d.Lines {
				say(d.OrderedBy, d.Run, l.Line, "refused", d.On, l.Amount)
			}
		}
	}
	return lines
}

// inForce returns the pack in force at a place on a day: of the longest jurisdiction, and of
// packs of one jurisdiction the one adopted last.
func inForce(stand []events.Data, where division.Code, on civil.Date) (best *policy.Pack) {
	for _, d := range stand {
		if p, ok := d.(*events.PolicyAdopted); ok && p.ValidFrom <= on && strings.HasPrefix(string(where), p.Jurisdiction) {
			if best == nil || len(p.Jurisdiction) >= len(best.Jurisdiction) {
				best = &p.Pack
			}
		}
	}
	return best
}

// policiesOf returns the versions of the packs in force at a post on the days of a month.
func policiesOf(stand []events.Data, post *events.PostDeveloped, first, end civil.Date) string {
	var all []string
	for day := first; day < end; day++ {
		if p := inForce(stand, postOn(stand, post, day).Division, day); p != nil {
			all = append(all, p.Version)
		}
	}
	return strings.Join(slices.Compact(all), ", ")
}

// payroll recounts a month by person and post, every day of every sheet by
// itself, in exact fractions.
func (o oracle) payroll(month civil.Month, asOf civil.Date, known time.Time, prefix string) map[string]payroll.Line {
	stand := o.standing(known)
	want := map[string]payroll.Line{}
	at := o.places(known)
	exits := map[string]civil.Date{}
	for _, d := range stand {
		if x, ok := d.(*events.ExitRecorded); ok {
			exits[x.Person.String()+x.Post] = x.On
		}
	}
	marks := o.reportedMarks(known)
	worths := map[string]func(time.Time) events.Fen{} // by the rules as they were known at a moment
	tenures := map[*events.HirePlaced]*tenure{}
	for _, t := range o.tenures(known) {
		tenures[t.hire] = t
	}
	first, end := month.First(), (month + 1).First()
	for _, d := range stand {
		h, ok := d.(*events.HirePlaced)
		post := at[hirePost(h, ok)]
		if !ok || post == nil || !strings.HasPrefix(string(postOn(stand, post, first).Division), prefix) {
			continue
		}
		out := exits[h.Person.String()+h.Post]
		if out == 0 || out < h.From {
			out = 1 << 30
		}
		if h.From >= end || out <= first {
			continue
		}
		l := payroll.Line{Person: h.Person, Post: h.Post, Division: postOn(stand, post, first).Division}
		under := func(terms, packs []events.Data, post *events.PostDeveloped) (worth recountedMonth) {
			for day := max(first, h.From); day < min(end, out); day++ {
				today := postOn(terms, post, day)
				if p := inForce(packs, today.Division, day); p != nil && !tenures[h].suspended(day) {
					worth.add(today, p, marks[fmt.Sprint(h.Person, h.Post, day)])
				}
			}
			return worth
		}
		worth := under(stand, stand, post)
		worth.fill(&l)
		worths[l.Person.String()+l.Post] = func(t time.Time) events.Fen {
			terms, packs := later(t, o.firstKnown(events.PostDevelopedType, h.Post)), later(t, o.firstKnown(events.PolicyAdoptedType, ""))
			var then payroll.Line
			worth := under(o.standing(terms), o.standing(packs), o.places(terms)[h.Post])
			worth.fill(&then)
			return then.Entitled
		}
		l.Policy = policiesOf(stand, post, first, end)
		want[l.Person.String()+l.Post] = l
	}
	lines := payLines(stand)
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		p := lines[name]
		post := at[p.Post]
		if p.month() != month || post == nil || !strings.HasPrefix(string(postOn(stand, post, first).Division), prefix) {
			continue
		}
		l := want[p.Person.String()+p.Post]
		l.Person, l.Post, l.Division = p.Person, p.Post, postOn(stand, post, first).Division
		l.Policy = policiesOf(stand, post, first, end)
		settled, returned, rejected := p.on(asOf)
		if p.counts() {
			l.Instructed += p.orderedBy(asOf)
			l.Settled, l.Returned, l.Rejected = l.Settled+settled, l.Returned+returned, l.Rejected+rejected
		} else {
			l.Other += settled
		}
		want[l.Person.String()+l.Post] = l
	}
	for key, l := range want {
		l.Difference = l.Settled - l.Entitled
		if pack := inForce(stand, l.Division, first); pack != nil && l.Entitled > 0 {
			due := end + civil.Date(pack.Payment.DueDay-1)
			owed := o.owed(l.Entitled, worths[key], due, known)
			for day := due; day <= asOf && asOf > due; day++ {
				l.LateAmount = max(l.LateAmount, owed(min(day+1, asOf))-settledBy(lines, l, month, day))
			}
			for from := due; from < asOf; from++ { // as if a part became due on each day
				for day := from; day <= asOf; day++ {
					if open := owed(from+1) - settledBy(lines, l, month, day); open > 0 && (from == due || owed(from+1) > owed(from)) {
						l.Late = max(l.Late, int(min(day+1, asOf)-from))
					}
				}
			}
		}
		want[key] = l
	}
	return want
}

func hirePost(h *events.HirePlaced, ok bool) string {
	if !ok {
		return ""
	}
	return h.Post
}

// firstKnown returns the recorded time of the first event of a type, about a post if it is named.
func (o oracle) firstKnown(typ events.Type, post string) time.Time {
	for _, c := range o.commits {
		for _, e := range c.events {
			if d, ok := e.Data.(*events.PostDeveloped); e.Type == typ && (post == "" || ok && d.Post == post) {
				return c.recorded
			}
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// owed returns how much of what a month was worth was due before a day: what could be known by
// the due day, and what the rules added to it on days after that and before the day.
func (o oracle) owed(entitled events.Fen, worth func(time.Time) events.Fen, due civil.Date, known time.Time) func(before civil.Date) events.Fen {
	type step struct {
		on    civil.Date
		worth events.Fen
	}
	steps := []step{{0, min(worth(time.Time{}), entitled)}}
	for _, c := range o.commits {
		if c.recorded.After(known) {
			break
		}
		if !slices.ContainsFunc(c.events, mayChangeRules) {
			continue
		}
		now := step{civil.DateIn(c.recorded, shanghai), min(worth(c.recorded), entitled)}
		if now.on <= due && len(steps) == 1 {
			steps[0] = now
		} else {
			steps = append(steps, now)
		}
	}
	return func(before civil.Date) (sum events.Fen) {
		for i, s := range steps {
			if i == 0 && before > due || max(s.on, due) < before {
				sum = max(sum, s.worth)
			}
		}
		return sum
	}
}

// mayChangeRules reports whether an event may change what months are worth by the rules.
func mayChangeRules(e *events.Event) bool {
	return slices.Contains([]events.Type{events.PostDevelopedType, events.PostChangedType, events.PolicyAdoptedType, events.EventWithdrawnType}, e.Type)
}

// settledBy returns the amount that is settled on a day.
func settledBy(lines map[string]*paidLine, l payroll.Line, month civil.Month, day civil.Date) (sum events.Fen) {
	for _, p := range lines {
		if p.Person == l.Person && p.Post == l.Post && p.month() == month && p.counts() {
			settled, _, _ := p.on(day)
			sum += settled
		}
	}
	return sum
}

// places returns the posts, each with the division of its event.
func (o oracle) places(known time.Time) map[string]*events.PostDeveloped {
	at := map[string]*events.PostDeveloped{}
	for _, c := range o.commits {
		for _, e := range c.events {
			if d, ok := e.Data.(*events.PostDeveloped); ok && !c.recorded.After(known) {
				post := *d
				post.Division = e.Division
				at[d.Post] = &post
			}
		}
	}
	return at
}

// funds recounts the books.
func (o oracle) funds(asOf civil.Date, known time.Time) map[string]fund.Balance {
	stand := o.standing(known)
	want := map[string]fund.Balance{}
	change := func(name string, f func(*fund.Balance)) {
		b := want[name]
		f(&b)
		want[name] = b
	}
	for _, d := range stand {
		switch a := d.(type) {
		case *events.FundAllocated:
			since := a.On
			if since == 0 {
				since = civil.Month(12 * a.Year).First()
			}
			change(a.Fund, func(b *fund.Balance) {
				if since <= asOf {
					b.Allocated += a.Amount
				}
			})
		case *events.FundSurrendered:
			change(a.Fund, func(b *fund.Balance) {
				if a.On <= asOf {
					b.Surrendered += a.Amount
				}
			})
		}
	}
	for _, p := range payLines(stand) {
		change(p.run.Fund, func(b *fund.Balance) {
			b.Instructed += p.orderedBy(asOf)
			settled, returned, rejected := p.on(asOf)
			b.Settled, b.Returned, b.Rejected = b.Settled+settled, b.Returned+returned+rejected, b.Rejected+rejected
		})
	}
	for name, b := range want {
		b.Fund, b.Left = name, b.Allocated-b.Instructed+b.Returned-b.Surrendered
		want[name] = b
	}
	return want
}

// Goal: payrolls and funds at random dates and moments equal a recount over the raw
// events.
func TestMoneyRecount(t *testing.T) {
	for range 2 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			moneyHistory(w, r)
			o := recount(w)
			for range 60 {
				asOf := civil.MustDate("2022-04-20") + civil.Date(r.IntN(100))
				known := at("2022-04-19 00:00").Add(time.Duration(r.IntN(110*24)) * time.Hour)
				month := civil.MustMonth("2022-04") + civil.Month(r.IntN(3))
				prefix := []string{"", "37", "3701", "370211", "370102001"}[r.IntN(5)]
				params := url.Values{"as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "division": {prefix}}
				compareFunds(t, w, params, o.funds(asOf, known))
				params.Set("month", month.String())
				params.Set("limit", "1000")
				comparePayroll(t, w, params, o.payroll(month, asOf, known, prefix))
				since := at("2022-04-19 00:00").Add(time.Duration(r.IntN(110*24)) * time.Hour)
				compareChanges(t, w, params, since, o.payroll(month, asOf, earlier(since, known), prefix), o.payroll(month, asOf, known, prefix))
				compareSums(t, w, asOf, known)
			}
		})
	}
}

func comparePayroll(t *testing.T, w *world, params url.Values, want map[string]payroll.Line) {
	t.Helper()
	answer := ask[money.Payroll](w, "/v1/payroll?"+params.Encode())
	got := map[string]payroll.Line{}
	for _, l := range answer.Rows {
		l.Parts = nil // what is late says what they say
		got[l.Person.String()+l.Post] = l.Line
	}
	if !reflect.DeepEqual(got, want) || len(got) != answer.Total || len(got) != len(answer.Rows) {
		t.Fatalf("payroll %v\n got %v\nwant %v", params, got, want)
	}
	var totals payroll.Totals
	for _, l := range want {
		totals.Entitled, totals.Instructed, totals.Settled = totals.Entitled+l.Entitled, totals.Instructed+l.Instructed, totals.Settled+l.Settled
		totals.Rejected, totals.LateAmount, totals.Other = totals.Rejected+l.Rejected, totals.LateAmount+l.LateAmount, totals.Other+l.Other
		totals.Returned, totals.Difference, totals.Disputed = totals.Returned+l.Returned, totals.Difference+l.Difference, totals.Disputed+l.Disputed
		for n, is := range map[*int]bool{
			&totals.Late: l.Late > 0, &totals.Short: l.Settled < l.Entitled, &totals.Over: l.Settled > l.Entitled, &totals.Unearned: l.Entitled == 0 && l.Settled > 0,
			&totals.Disputes: l.DisputedDays > 0,
		} {
			if is {
				*n++
			}
		}
	}
	if answer.Totals != totals {
		t.Fatalf("payroll %v: totals %+v, want %+v", params, answer.Totals, totals)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// compareChanges compares what has changed since an instant with the difference of two recounts.
func compareChanges(t *testing.T, w *world, params url.Values, since time.Time, before, now map[string]payroll.Line) {
	t.Helper()
	params.Set("changed_since", since.Format(time.RFC3339))
	defer params.Del("changed_since")
	worth := func(l payroll.Line) payroll.Worth {
		return payroll.Worth{Money: l.Money, DisputedDays: l.DisputedDays, Late: l.Late}
	}
	type change struct{ was, is payroll.Worth }
	want, got := map[string]change{}, map[string]change{}
	for key := range maps.Keys(now) {
		want[key] = change{worth(before[key]), worth(now[key])}
	}
	for key, old := range before {
		want[key] = change{worth(old), worth(now[key])}
	}
	maps.DeleteFunc(want, func(_ string, c change) bool { return c.was == c.is })
	for _, row := range ask[money.Payroll](w, "/v1/payroll?"+params.Encode()).Rows {
		got[row.Person.String()+row.Post] = change{*row.Was, worth(row.Line)}
	}
	if !maps.Equal(got, want) {
		t.Fatalf("payroll %v\n got %v\nwant %v", params, got, want)
	}
}

// compareSums compares what payrolls and funds say is settled on a day: the same money.
func compareSums(t *testing.T, w *world, asOf civil.Date, known time.Time) {
	t.Helper()
	params := url.Values{"as_of": {asOf.String()}, "known_at": {known.Format(time.RFC3339)}, "limit": {"1000"}}
	var paid events.Fen
	for month := civil.MustMonth("2022-04"); month <= civil.MustMonth("2022-06"); month++ {
		params.Set("month", month.String())
		totals := ask[money.Payroll](w, "/v1/payroll?"+params.Encode()).Totals
		paid += totals.Settled + totals.Other
	}
	params.Del("month")
	params.Del("limit")
	if funds := ask[money.Funds](w, "/v1/funds?"+params.Encode()).Totals; funds.Settled != paid {
		t.Fatalf("on %s as known at %s payrolls say that %d is settled, funds %d", asOf, known, paid, funds.Settled)
	}
}

func compareFunds(t *testing.T, w *world, params url.Values, want map[string]fund.Balance) {
	t.Helper()
	if params.Get("division") != "" {
		return // whose fund it is, is told by its allocations; see package fund
	}
	got := map[string]fund.Balance{}
	for _, b := range ask[money.Funds](w, "/v1/funds?"+params.Encode()).Rows {
		b.Division = ""
		got[b.Fund] = b
	}
	maps.DeleteFunc(got, func(name string, b fund.Balance) bool {
		_, ok := want[name]
		return !ok && b == fund.Balance{Fund: name}
	})
	if !maps.Equal(got, want) {
		t.Fatalf("funds %v\n got %v\nwant %v", params, got, want)
	}
}

// What another pack would have paid is the payroll under that pack, line by line.
func TestAnotherPack(t *testing.T) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	w := newWorld(t)
	moneyHistory(w, r)
	model, err := w.dir.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	policies := rulebook.NewHistory(w.log)
	book := func() *policy.Book {
		b, err := policies.Book(t.Context(), meta(t, model).Position)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before, after := book(), book()
	changed := pack(t, "changed", "370211", "2022-05-01")
	changed.Payment.Standard.Rural, changed.Attendance.LeavePercent = 77777, 100
	after.Adopt(&changed.Pack)
	first, last := civil.MustMonth("2022-04"), civil.MustMonth("2022-06")
	c, err := payroll.Compare(t.Context(), model, "37", meta(t, model).Ord, first, last, before, after)
	if err != nil {
		t.Fatal(err)
	}
	lines, moved := 0, map[string]events.Fen{}
	for month := first; month <= last; month++ {
		for sign, b := range map[events.Fen]*policy.Book{-1: before, 1: after} {
			roll, err := payroll.Make(t.Context(), model, payroll.Selection{Division: "37", Month: month, Known: meta(t, model).Ord}, &payroll.Rules{Book: b})
			if err != nil {
				t.Fatal(err)
			}
			lines += len(roll.Lines)
			for _, l := range roll.Lines {
				moved[fmt.Sprint(l.No, l.Post, month)] += sign * l.Entitled
			}
		}
	}
	maps.DeleteFunc(moved, func(_ string, n events.Fen) bool { return n == 0 })
	sum, counties := events.Fen(0), events.Fen(0)
	for _, n := range moved {
		sum += n
	}
	for _, d := range c.Divisions {
		counties += d.After - d.Before
	}
	if 2*c.Total.Lines != lines || len(c.Changed) != len(moved) || len(moved) == 0 || c.Total.After-c.Total.Before != sum || counties != sum {
		t.Errorf("%+v, %d lines changed; payrolls have %d lines, %d changed by %d", c.Total, len(c.Changed), lines/2, len(moved), sum)
	}
	for _, l := range c.Changed {
		if l.Month < civil.MustMonth("2022-05") || !slices.Contains(strings.Split(l.PolicyAfter, ", "), "changed") {
			t.Errorf("changed where the pack does not hold: %+v", l)
		}
	}
}

func meta(t *testing.T, model *readmodel.Reader) readmodel.Meta {
	t.Helper()
	m, err := model.Meta(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}
