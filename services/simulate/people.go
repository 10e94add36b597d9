package simulate

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

func (t *teller) hire(i int) {
	p, post, c, at := t.place(i)
	d := t.w.dice(forHire, -i-1)
	rules := t.w.cfg.Policy
	shown := p.from - civil.Date(d.between(2, 6)) // publicity is over
	from := shown - civil.Date(rules.Publicity.Days+d.intn(5))
	owner := t.w.people[p.person].phone
	data := &events.HirePlaced{
		Who: events.Who{Identity: &events.Identity{
			IDNumber: t.w.id(p.person), Name: t.w.name(p.person), Phone: phone(owner), Household: serial("hh-"+string(c.code[:6])+"-", int(owner)),
		}},
		Post: post.id, Seat: int(p.seat-post.seats[0]) + 1, From: p.from, Until: p.until,
		Group:     t.w.groups[bit(post.urban)][p.group].of.code,
		Review:    &events.Reviewed{On: from - civil.Date(d.between(1, 10))},
		Publicity: &events.Publicity{From: from, Until: shown},
		Agreement: &events.Agreement{Number: serial("A-", i), Signed: p.from - civil.Date(d.between(2, 5)), Until: p.until},
	}
	e := t.event(serial("h-", i), c.agency, at, p.hired, data)
	e.Subject = post.id
	if p.record {
		e.Submode = events.ModeRecord
	}
	t.say(e)
}

func (t *teller) renewal(i int) {
	p, post, c, at := t.place(i)
	e := t.event(serial("n-", i), c.agency, at, p.renewed, &events.HireRenewed{Who: t.who(p.person), Post: post.id, Until: p.longer})
	e.Subject = post.id
	t.say(e)
}

var notes = map[string]string{"N1": "到企业就业", "N5": "本人申请", "D2": "连续旷工"}

func (t *teller) exit(i int) {
	p, post, c, at := t.place(i)
	rule, _ := t.w.cfg.Policy.ExitCode(p.code)
	data := &events.ExitRecorded{Who: t.who(p.person), Post: post.id, On: p.exit, Kind: rule.Kind, Code: p.code, Note: notes[p.code]}
	if p.died {
		data.Note = "本人死亡"
	}
	e := t.event(serial("x-", i), c.agency, at, p.exited, data)
	e.Subject = post.id
	if p.recordExit {
		e.Submode = events.ModeRecord
	}
	t.say(e)
}

func (t *teller) training(i int, k kind) {
	p, _, c, at := t.place(i)
	d := t.w.dice(forHire, -i-1)
	before := 3 + d.intn(max(1, min(25, t.w.cfg.Policy.Training.WithinDays)-3))
	id, first := serial("t-", i), p.trained
	if k == trainingAgain {
		id += "-r"
	}
	t.say(t.event(id, c.agency, at, first, &events.TrainingCompleted{
		Who: t.who(p.person), Course: "岗前培训", Hours: 4 + 4*d.intn(4), On: p.from - civil.Date(before), PreService: true,
		Certificate: serial("C-", i),
	}))
}

// banks are the codes of the banks that pay in the country.
var banks = [...]string{"402", "402", "403", "103", "102"}

func (t *teller) account(i int, k kind) {
	p, _, c, at := t.place(i)
	id, first, from := serial("c-", int(p.person)), p.assigned, p.from
	if k == accountReplaced {
		id, first = id+"-2", t.w.replaced(p)
		from = t.w.day(first)
	}
	t.say(t.event(id, c.agency, at, first, &events.AccountAssigned{
		Who: t.who(p.person), Bank: banks[int(p.person)%len(banks)], From: from, Number: account(p.person, k == accountReplaced),
	}))
}
