package simulate

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

func (t *eventGenerator) hire(i int) {
	p, post, c, at := t.place(i)
	d := t.w.random(forHire, -i-1)
	rules := t.w.cfg.Policy
	shown := p.from - civil.Date(d.between(2, 6)) // end of the publicity
	from := shown - civil.Date(rules.Publicity.Days+d.intn(5))
	owner := t.w.people[p.person].phoneOwner
	data := &events.HirePlaced{
		Who: events.Who{Identity: &events.Identity{
			IDNumber: t.w.id(p.person), Name: t.w.name(p.person), Phone: phone(owner), Household: numberedID("hh-"+string(c.code[:6])+"-", int(owner)),
		}},
		Post: post.id, Seat: int(p.seat-post.seats[0]) + 1, From: p.from, Until: p.until,
		Group:     t.w.groups[boolIndex(post.urban)][p.group].of.code,
		Review:    &events.Reviewed{On: from - civil.Date(d.between(1, 10))},
		Publicity: &events.Publicity{From: from, Until: shown},
		Agreement: &events.Agreement{Number: numberedID("A-", i), Signed: p.from - civil.Date(d.between(2, 5)), Until: p.until},
	}
	e := t.event(numberedID("h-", i), c.agency, at, p.hired, data)
	e.Subject = post.id
	if p.record {
		e.Submode = events.ModeRecord
	}
	t.emit(e)
}

func (t *eventGenerator) renewal(i int) {
	p, post, c, at := t.place(i)
	e := t.event(numberedID("n-", i), c.agency, at, p.renewed, &events.HireRenewed{Who: t.personByID(p.person), Post: post.id, Until: p.renewedUntil})
	e.Subject = post.id
	t.emit(e)
}

// notes are the notes on exits, by code.
var notes = map[string]string{"N1": "到企业就业", "N5": "本人申请", "D2": "连续旷工"}

func (t *eventGenerator) exit(i int) {
	p, post, c, at := t.place(i)
	rule, _ := t.w.cfg.Policy.ExitCode(p.code)
	data := &events.ExitRecorded{Who: t.personByID(p.person), Post: post.id, On: p.exit, Kind: rule.Kind, Code: p.code, Note: notes[p.code]}
	if p.died {
		data.Note = "本人死亡"
	}
	e := t.event(numberedID("x-", i), c.agency, at, p.exited, data)
	e.Subject = post.id
	if p.recordExit {
		e.Submode = events.ModeRecord
	}
	if d := t.w.random(forExit, -i-1); d.chance(estimatedExits) {
		e.Submode, data.Estimated = events.ModeRecord, "month"
	}
	t.emit(e)
}

func (t *eventGenerator) training(i int, k eventKind) {
	p, _, c, at := t.place(i)
	d := t.w.random(forHire, -i-1)
	before := 3 + d.intn(max(1, min(25, t.w.cfg.Policy.Training.WithinDays)-3))
	id, first := numberedID("t-", i), p.trained
	if k == trainingAgain {
		id += "-r"
	}
	t.emit(t.event(id, c.agency, at, first, &events.TrainingCompleted{
		Who: t.personByID(p.person), Course: "岗前培训", Hours: 4 + 4*d.intn(4), On: p.from - civil.Date(before), PreService: true,
		Certificate: numberedID("C-", i),
	}))
}

// banks are codes of the banks that pay in the country; a code that is listed twice is
// twice as frequent.
var banks = [...]string{"402", "402", "403", "103", "102"}

func (t *eventGenerator) account(i int, k eventKind) {
	p, _, c, at := t.place(i)
	id, first, from := numberedID("c-", int(p.person)), p.assigned, p.from
	if k == accountReplaced {
		id, first = id+"-2", t.w.replaced(p)
		from = t.w.dayOf(first)
	}
	t.emit(t.event(id, c.agency, at, first, &events.AccountAssigned{
		Who: t.personByID(p.person), Bank: banks[int(p.person)%len(banks)], From: from, Number: account(p.person, k == accountReplaced),
	}))
}
