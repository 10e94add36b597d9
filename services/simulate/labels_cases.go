package simulate

// label makes a label about placements, all of one county.
func (w *world) label(kind string, events []string, placements ...int32) Label {
	l := Label{Kind: kind, Innocent: true, Events: events}
	for _, i := range placements {
		p := &w.placements[i]
		post := &w.posts[w.seats[p.seat].post]
		l.Source = w.counties[post.county].agency
		l.Persons, l.Posts = append(l.Persons, w.id(p.person)), append(l.Posts, post.id)
		l.From, l.Until = p.from, p.exit
	}
	return l
}

// labelsOf returns the labels of the cases of placement i.
func (w *world) labelsOf(i int32) (labels []Label) {
	p := &w.placements[i]
	post := &w.posts[w.seats[p.seat].post]
	c, person := &w.counties[post.county], &w.people[p.person]
	if p.otherPlacement >= 0 && person.firstPlacement == i {
		again := &w.placements[p.otherPlacement]
		l := w.label(Rehire, []string{numberedID("x-", int(i)), numberedID("h-", int(p.otherPlacement))}, i, p.otherPlacement)
		l.Persons, l.From, l.Until = l.Persons[:1], p.exit, again.from
		labels = append(labels, l)
	}
	if g := w.groups[boolIndex(post.urban)][p.group].of; birthday(person.birth, g.spans[person.sex()].from) == p.from {
		labels = append(labels, w.label(Birthday, []string{numberedID("h-", int(i))}, i))
	}
	if p.cardMonth >= 0 && w.returned(i, int(p.cardMonth)) > 0 {
		prefix := returnedPrefix
		if refusedAtOnce(i) {
			prefix = rejectedPrefix
		}
		l := w.label(CardReplaced, []string{partID(prefix, &c.runs[p.cardMonth], 0), numberedID("c-", int(p.person)) + "-2"}, i)
		l.Runs = []string{c.runName(&c.runs[p.cardMonth]), c.runName(&c.runs[p.cardMonth+1])}
		labels = append(labels, l)
	}
	if p.paidTwiceMonth >= 0 && w.paidInTime(i, int(p.paidTwiceMonth)) > 0 {
		l := w.label(Reversed, []string{partID("v-", &c.runs[p.paidTwiceMonth], 0)}, i)
		l.Runs = []string{c.runName(&c.runs[p.paidTwiceMonth])}
		labels = append(labels, l)
	}
	return labels
}

// labelSpouses returns the label of a person and the spouse who owns the phone.
func (w *world) labelSpouses(i, owner int32) Label {
	a, b := w.people[owner].firstPlacement, w.people[i].firstPlacement
	l := w.label(SpousesPhone, []string{numberedID("h-", int(a)), numberedID("h-", int(b))}, a, b)
	l.From, l.Until = max(w.placements[a].from, w.placements[b].from), 0
	return l
}

// labelTeam returns the label of the longest time in which a post had five people or
// more, all present on every day.
func (w *world) labelTeam(i int) (Label, bool) {
	if !w.posts[i].fullAttendance {
		return Label{}, false
	}
	first, last, begin := 0, 0, 0
	for m := range w.months {
		if s := w.drawSheet(sheetRef(i*sheetMonths+m), nil); len(s.people) < 5 {
			begin = m + 1
		} else if m+1-begin > last-first {
			first, last = begin, m+1
		}
	}
	if last-first < 3 {
		return Label{}, false
	}
	s := w.drawSheet(sheetRef(i*sheetMonths+last-1), nil)
	l := w.label(PresentTeam, nil, s.people...)
	l.Posts = l.Posts[:1]
	for m := first; m < last; m++ {
		l.Events = append(l.Events, sheetID(w.months[m].month, w.posts[i].id))
	}
	l.From, l.Until = w.months[first].first, w.months[last-1].next
	return l, true
}

// labelMatch returns the label of a batch of facts that was withdrawn.
func (w *world) labelMatch(i int) (Label, bool) {
	f := &w.facts[w.batches[i].first]
	if f.withdrawn == 0 {
		return Label{}, false
	}
	l := w.label(WrongMatch, []string{factID(i), "w-" + factID(i)}, f.placement)
	l.From, l.Until = w.dayOf(f.at), w.dayOf(f.withdrawn)
	return l, true
}

// labelArrears returns labels for the people on a late sheet who had left before the
// month in which the sheet was paid.
func (w *world) labelArrears(index int, ref sheetRef) (labels []Label) {
	c := &w.counties[index/runMonths]
	r, m := &c.runs[index%runMonths], &w.months[ref.month()]
	s := w.drawSheet(ref, nil)
	for _, i := range s.people {
		p := &w.placements[i]
		if p.exit == 0 || p.exit > r.month.First() || w.earned(i, ref.month(), i == s.imperfect) == 0 {
			continue
		}
		l := w.label(ArrearsAfterExit, []string{numberedID("x-", int(i)), sheetID(m.month, w.posts[ref.post()].id)}, i)
		l.Runs, l.From, l.Until = []string{c.runName(r)}, p.exit, w.paidOn(r)
		labels = append(labels, l)
	}
	return labels
}
