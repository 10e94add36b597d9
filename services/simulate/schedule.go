package simulate

import "slices"

// A scheduledEvent is one event to submit at an instant, packed into a number so that
// numbers sort in the order of delivery: instant, kind, variant, index.
//
//	bits  63 … 48   47 … 40   39 … 36   35 … 0
//	      instant   kind      variant   index
type scheduledEvent uint64

// An eventKind says what an event reports. The order of the kinds is that within an
// instant.
type eventKind uint8

const (
	policyAdopted eventKind = iota
	planSet
	fundAllocated
	postDeveloped
	postResized
	postRaised
	postMoved
	exitRecorded
	hirePlaced
	hireRenewed
	hireSuspended
	hireResumed
	hireRegrouped
	personRenamed
	villageMerged
	trainingCompleted
	trainingAgain
	sheetReported
	sheetCorrected
	sheetAgain
	accountAssigned
	accountReplaced
	runInstructed
	runCorrected
	runSettled
	runRest
	runReturned
	runReversed
	fundSurrendered
	factsReported
	factWithdrawn
)

// A variant says how an event is submitted.
type variant uint8

const (
	regular  variant = iota
	repeated         // submitted again unchanged
	invalid          // made with an error, to be refused
)

func newScheduledEvent(at instant, k eventKind, v variant, index int) scheduledEvent {
	return scheduledEvent(at)<<48 | scheduledEvent(k)<<40 | scheduledEvent(v)<<36 | scheduledEvent(index)
}

func (i scheduledEvent) at() instant      { return instant(i >> 48) }
func (i scheduledEvent) kind() eventKind  { return eventKind(i >> 40) }
func (i scheduledEvent) variant() variant { return variant(i >> 36 & 15) }
func (i scheduledEvent) index() int       { return int(i & (1<<36 - 1)) }

// schedule lists all events that are submitted.
func (w *world) schedule() {
	w.arrears = make([][]sheetRef, len(w.counties)*runMonths)
	w.add(0, policyAdopted, 0)
	w.schedulePosts()
	for i := range w.counties {
		w.scheduleCounty(i)
	}
	w.schedulePlacements()
	for i := range w.mergers {
		w.add(w.announced(w.mergers[i].on, 0), villageMerged, i)
	}
	for i, b := range w.batches {
		f := &w.facts[b.first]
		w.add(f.at, factsReported, i)
		if f.withdrawn != 0 {
			w.add(f.withdrawn, factWithdrawn, i)
		}
	}
	w.scheduleErrors()
	slices.Sort(w.scheduled)
}

func (w *world) add(at instant, k eventKind, index int) {
	w.scheduled = append(w.scheduled, newScheduledEvent(at, k, regular, index))
}

func (w *world) scheduleCounty(i int) {
	c := &w.counties[i]
	if c.posts[1] == 0 {
		return
	}
	for area, n := range c.plannedSeats {
		if n > 0 {
			w.add(0, planSet, 2*i+area)
		}
	}
	w.add(w.funded(2*i), fundAllocated, 2*i)
	w.add(w.funded(2*i+1), fundAllocated, 2*i+1)
	if last := w.months[len(w.months)-1].month; last%12 == 11 {
		w.add(w.instantOf((last+1).First()+surrenderDelay), fundSurrendered, i)
	}
	for n := range c.runs {
		// Runs after the last month exist if there are arrears to pay.
		if index := i*runMonths + n; n <= len(w.months) || len(w.arrears[index]) > 0 {
			w.addRun(&c.runs[n], index)
		}
	}
}

func (w *world) addRun(r *payRun, index int) {
	w.add(r.at, runInstructed, index)
	w.add(r.settled, runSettled, index)
	w.add(r.settled+partDelay, runRest, index)
	if d := w.random(forRepeat, -index); d.chance(correctedRuns) {
		r.corrected = r.at + 1
		w.add(r.corrected, runCorrected, index)
	}
	w.add(r.returned, runReturned, index)
	w.add(r.reversed, runReversed, index)
}

func (w *world) schedulePosts() {
	var people []int32
	for i := range w.posts {
		p := &w.posts[i]
		if p.from >= w.cfg.Until {
			continue
		}
		w.add(p.delivered, postDeveloped, i)
		if p.growsFrom != 0 && p.growsFrom < w.cfg.Until {
			w.add(p.resized, postResized, i)
		}
		if c := &w.counties[p.county]; c.raised != 0 && int(c.raised) < len(w.months) && w.months[c.raised].first > p.from {
			w.add(w.announced(w.months[c.raised].first, p.delivered), postRaised, i)
		}
		if p.moves() {
			w.add(w.announced(p.movesOn, p.delivered), postMoved, i)
		}
		for m := range w.months {
			s := w.drawSheet(sheetRef(i*sheetMonths+m), people)
			if people = s.people; len(people) == 0 {
				continue
			}
			w.addSheet(&s, p)
		}
	}
}

func (w *world) addSheet(s *attendanceSheet, p *post) {
	w.add(s.at, sheetReported, int(s.ref))
	if s.corrected != 0 {
		w.add(s.corrected, sheetCorrected, int(s.ref))
	}
	if s.resubmitted != 0 {
		w.add(s.resubmitted, sheetAgain, int(s.ref))
	}
	if run, ok := w.counties[p.county].runPaying(s.ref.month(), s.at); ok && run > s.ref.month() {
		index := int(p.county)*runMonths + run
		w.arrears[index] = append(w.arrears[index], s.ref)
	}
}

func (w *world) schedulePlacements() {
	for i := range w.placements {
		p := &w.placements[i]
		w.add(p.hired, hirePlaced, i)
		w.add(p.trained, trainingCompleted, i)
		d := w.random(forRepeat, i)
		if d.chance(2 * againShare) {
			w.add(p.trained+instant(d.between(1, 30)), trainingAgain, i)
		}
		if int(w.people[p.person].firstPlacement) == i {
			w.add(p.assigned, accountAssigned, i)
		}
		if p.renewedUntil != 0 {
			w.add(p.renewed, hireRenewed, i)
		}
		if p.suspendedMonth >= 0 {
			w.add(w.announced(w.months[p.suspendedMonth].first, p.hired), hireSuspended, i)
			if i%2 == 1 {
				w.add(w.resumed(p), hireResumed, i)
			}
		}
		if p.regroupedOn != 0 && w.canRegroup(p) {
			w.add(w.announced(p.regroupedOn, p.hired), hireRegrouped, i)
		}
		if p.renamedOn != 0 {
			w.add(w.renamed(p), personRenamed, i)
		}
		if p.exit != 0 {
			w.add(p.exited, exitRecorded, i)
		}
		if p.cardMonth >= 0 {
			w.add(w.replaced(p), accountReplaced, i)
		}
	}
}

// replaced returns the instant at which a card is replaced: after pay was returned, and
// before it is paid again.
func (w *world) replaced(p *placement) instant {
	c := &w.counties[w.posts[w.seats[p.seat].post].county]
	return max(c.runs[p.cardMonth].returned+4, p.assigned+1)
}

// scheduleErrors repeats some submissions and adds some invalid ones.
func (w *world) scheduleErrors() {
	n := len(w.scheduled)
	ends := w.superseded()
	d := w.random(forRepeat, 1<<40)
	for _, i := range w.scheduled[:n] {
		if d.chance(repeatedShare) {
			at := i.at() + instant(d.between(1, 20))
			if end, ok := ends[supersedable{i.kind(), i.index()}]; ok {
				at = min(at, end) // of one instant, the original comes before its correction
			}
			w.scheduled = append(w.scheduled, newScheduledEvent(at, i.kind(), repeated, i.index()))
		}
	}
	d = w.random(forInvalid, 0)
	for serial := range int(float64(n)*invalidShare + .5) {
		at := w.scheduled[d.intn(n)].at()
		w.scheduled = append(w.scheduled, newScheduledEvent(at, mistakes[serial%len(mistakes)], invalid, serial))
	}
}

// A supersedable is an event that is corrected or withdrawn later.
type supersedable struct {
	kind  eventKind
	index int
}

// superseded returns for each event that is corrected or withdrawn the instant at which it
// is. An event that is submitted again after that is refused, since it no longer stands.
func (w *world) superseded() map[supersedable]instant {
	ends := map[supersedable]instant{}
	for _, i := range w.scheduled {
		switch i.kind() {
		case sheetCorrected:
			if w.drawSheet(sheetRef(i.index()), nil).inspected {
				continue // the sheet stands beside what the inspector says
			}
			ends[supersedable{sheetReported, i.index()}] = i.at()
		case runCorrected:
			ends[supersedable{runInstructed, i.index()}] = i.at()
		case factWithdrawn:
			ends[supersedable{factsReported, i.index()}] = i.at()
		default: // the others correct nothing
		}
	}
	return ends
}

// mistakes are the kinds of invalid submissions; see eventGenerator.invalidSubmission.
var mistakes = [...]eventKind{hirePlaced, trainingCompleted, runInstructed, sheetReported, postDeveloped}
