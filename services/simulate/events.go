package simulate

import (
	"strconv"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// An eventGenerator makes the events of scheduled events, one after the other. It is
// for one range over the sequence.
type eventGenerator struct {
	w       *world
	yield   func(Submission) bool
	stopped bool
	item    scheduledEvent

	people []int32           // memory that is reused
	runs   map[int][]payLine // lines of the runs that are still reported about
	lines  []string          // names of pay lines, by index
}

// submissions yields all submissions in order of delivery.
func (w *world) submissions(yield func(Submission) bool) {
	t := &eventGenerator{w: w, yield: yield, runs: map[int][]payLine{}}
	for _, i := range w.scheduled {
		if t.item = i; i.variant() == invalid {
			t.invalidSubmission()
		} else {
			t.generate(i.kind(), i.index())
		}
		if t.stopped {
			return
		}
	}
}

// generate emits the event of a kind and index.
func (t *eventGenerator) generate(k eventKind, i int) {
	switch k {
	case policyAdopted:
		t.policy()
	case planSet:
		t.plan(i)
	case fundAllocated:
		t.fund(i)
	case postDeveloped:
		t.post(i)
	case postResized:
		t.resize(i)
	case postRaised:
		t.raise(i)
	case postMoved:
		t.move(i)
	case hireSuspended:
		t.suspend(i)
	case hireResumed:
		t.resume(i)
	case hireRegrouped:
		t.regroup(i)
	case villageMerged:
		t.merge(i)
	case personRenamed:
		t.rename(i)
	case exitRecorded:
		t.exit(i)
	case hirePlaced:
		t.hire(i)
	case hireRenewed:
		t.renewal(i)
	case trainingCompleted, trainingAgain:
		t.training(i, k)
	case sheetReported, sheetCorrected, sheetAgain:
		t.sheetReport(i, k)
	case accountAssigned, accountReplaced:
		t.account(i, k)
	case runInstructed, runCorrected:
		t.payInstruction(i, k)
	case runSettled:
		t.paySettlement(i)
		t.payRejection(i)
	case runRest:
		t.payRest(i)
	case fundSurrendered:
		t.surrender(i)
	case runReturned, runReversed:
		t.returnedOrReversed(i, k)
	case factsReported:
		t.registryReport(i)
	case factWithdrawn:
		t.registryWithdrawal(i)
	}
}

// event makes an event that was first delivered at first. Its time lies some minutes
// before. An event that is submitted again is the same.
func (t *eventGenerator) event(id string, source string, at division.Code, first instant, data events.Data) *events.Event {
	written := time.Duration(len(id)*7%55+5) * time.Minute
	return &events.Event{ID: id, Source: source, Type: data.Type(), Time: t.w.timeOf(first).Add(-written), Division: at, Data: data}
}

// emit yields an event.
func (t *eventGenerator) emit(e *events.Event) {
	if !t.stopped && !t.yield(Submission{Delivered: t.w.timeOf(t.item.at()), Event: e, Invalid: t.item.variant() == invalid}) {
		t.stopped = true
	}
}

// placeOf returns the division that events about a post name: its village, or the township if the
// post moves within it.
func (w *world) placeOf(p *post) division.Code {
	at := w.villages[p.village].code
	if p.moves() {
		return at[:9] + "000"
	}
	return at
}

// place returns the placement i with its post, county and village.
func (t *eventGenerator) place(i int) (*placement, *post, *county, division.Code) {
	p := &t.w.placements[i]
	post := &t.w.posts[t.w.seats[p.seat].post]
	return p, post, &t.w.counties[post.county], t.w.placeOf(post)
}

// personByID identifies a person by the identity number, as agencies do once a person
// is known.
func (t *eventGenerator) personByID(person int32) events.Who {
	return events.Who{Identity: &events.Identity{IDNumber: t.w.id(person)}}
}

// numberedID makes an id from a prefix and a number.
func numberedID(prefix string, n int) string {
	return string(strconv.AppendInt(append(make([]byte, 0, 16), prefix...), int64(n), 10))
}
