package simulate

// injectCases chooses the people and posts of the cases on which the finding rules are
// measured. Each case has a line in the label file. The cases look like fraud and are
// innocent. They are chosen after the province is complete and before anything is
// reported, so that every report is consistent with them. A case that is fraud belongs
// here as well: it marks a placement or a post, and what reports about it reads the
// mark.
//
// Rehires, couples and beginnings on a birthday come from placing people, and arrears
// after an exit from late sheets. The labels find those again.
func (w *world) injectCases() {
	for i := range w.posts {
		p := &w.posts[i]
		d := w.random(forCases, i)
		p.fullAttendance = p.size >= 5 && d.chance(fullTeamShare)
	}
	for i := range w.placements {
		p := &w.placements[i]
		d := w.random(forCases, len(w.posts)+i)
		if d.chance(cardShare) && p.otherPlacement < 0 {
			p.cardMonth = w.someMonth(&d, p)
		}
		if d.chance(twiceShare) {
			if p.paidTwiceMonth = w.someMonth(&d, p); p.paidTwiceMonth == p.cardMonth {
				p.paidTwiceMonth = -1
			}
		}
		p.mismatched = d.chance(matchShare) && p.overlaps(p.from+90, p.from+91) && w.inPeriod(p.from+90)
	}
}

// someMonth returns a month in which the person was in place on every day, -1 if there
// is none.
func (w *world) someMonth(d *random, p *placement) int8 {
	first, n := 0, 0
	for m := range w.months {
		if month := &w.months[m]; p.covers(month.first) && p.covers(month.next-1) {
			if n == 0 {
				first = m
			}
			n++
		}
	}
	if n == 0 {
		return -1
	}
	return int8(first + d.intn(n))
}
