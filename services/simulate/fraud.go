package simulate

// Cases are what the finding rules are measured on. Each has a line in the
// label file. The ones here look like fraud and are innocent; they are chosen
// once the province is settled and before anybody reports anything, so that
// every report is consistent with them. A case that is fraud is injected at
// the same place: it marks a placement or a post, and the part of the package
// that tells of it looks at the mark.
//
// Rehires, couples and beginnings on a birthday come about when people are
// placed, arrears after an exit when sheets come late; labels find them again.

// inject chooses cases.
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

// someMonth returns a month that the person was in place for all of, -1 where
// there is none.
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
