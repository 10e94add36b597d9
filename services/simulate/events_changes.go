package simulate

import "github.com/muster-works/muster/events"

// raise emits the new standard of a post.
func (t *eventGenerator) raise(i int) {
	p := &t.w.posts[i]
	c := &t.w.counties[p.county]
	fen, _ := t.w.standardIn(c, p.urban, int(c.raised))
	t.changePost(i, "cs-", &events.PostChanged{Post: p.id, On: t.w.months[c.raised].first, Standard: events.Fen(fen)})
}

// move emits the move of a post to another village.
func (t *eventGenerator) move(i int) {
	p := &t.w.posts[i]
	t.changePost(i, "cm-", &events.PostChanged{Post: p.id, On: p.movesOn, Division: t.w.villages[p.movesTo].code})
}

func (t *eventGenerator) changePost(i int, prefix string, data *events.PostChanged) {
	p := &t.w.posts[i]
	e := t.event(prefix+p.id, t.w.counties[p.county].agency, t.w.placeOf(p), t.w.announced(data.On, p.delivered), data)
	e.Subject = p.id
	t.emit(e)
}

// suspend emits that a person does not work for a month. Every second time the end of it is said
// at once, and otherwise by a resumption.
func (t *eventGenerator) suspend(i int) {
	p, post, c, at := t.place(i)
	m := &t.w.months[p.suspendedMonth]
	data := &events.HireSuspended{Who: t.personByID(p.person), Post: post.id, From: m.first, Reason: "住院治疗"}
	if i%2 == 0 {
		data.Until = m.next
	}
	e := t.event(numberedID("su-", i), c.agency, at, t.w.announced(m.first, p.hired), data)
	e.Subject = post.id
	t.emit(e)
}

func (t *eventGenerator) resume(i int) {
	p, post, c, at := t.place(i)
	m := &t.w.months[p.suspendedMonth]
	e := t.event(numberedID("re-", i), c.agency, at, t.w.resumed(p), &events.HireResumed{Who: t.personByID(p.person), Post: post.id, On: m.next})
	e.Subject = post.id
	t.emit(e)
}

// resumed returns the instant at which a resumption is reported: after the suspension.
func (w *world) resumed(p *placement) instant {
	m := &w.months[p.suspendedMonth]
	return w.announced(m.next, w.announced(m.first, p.hired))
}

// regroup emits that a person is in another group from a day on.
func (t *eventGenerator) regroup(i int) {
	p, post, c, at := t.place(i)
	e := t.event(numberedID("gr-", i), c.agency, at, t.w.announced(p.regroupedOn, p.hired), &events.HireChanged{
		Who: t.personByID(p.person), Post: post.id, On: p.regroupedOn, Group: regroupedTo,
	})
	e.Subject = post.id
	t.emit(e)
}

// renamed returns the instant at which another name is reported: some days after it holds.
func (w *world) renamed(p *placement) instant { return max(w.instantOf(p.renamedOn+3), p.hired+1) }

// rename emits that a person has another given name from a day on.
func (t *eventGenerator) rename(i int) {
	p, post, c, at := t.place(i)
	number := t.w.id(p.person)
	e := t.event(numberedID("rn-", i), c.agency, at, t.w.renamed(p), &events.PersonIdentified{
		Who: events.Who{Identity: &events.Identity{Name: t.w.name(p.person) + renamedSuffix}}, IDNumber: number, Reason: events.Renamed, On: p.renamedOn,
	})
	e.Subject = post.id
	t.emit(e)
}

// renamedSuffix is the character that people add to their name.
const renamedSuffix = "安"

// merge emits that a village ends, and which one takes its place.
func (t *eventGenerator) merge(i int) {
	m := &t.w.mergers[i]
	c, v := &t.w.counties[m.county], &t.w.villages[m.village]
	t.emit(t.event("dv-"+string(v.code), c.agency, c.code, t.w.announced(m.on, 0), &events.DivisionsAdopted{Lines: []events.DivisionLine{
		{Code: v.code, Level: v.code.Level().String(), Name: t.w.cfg.Divisions.Name(v.code), ValidTo: m.on, Successor: t.w.villages[m.to].code},
	}}))
}
