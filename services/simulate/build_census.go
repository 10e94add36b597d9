package simulate

import (
	"fmt"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// matchCensuses makes the numbers of people in place on the days of both censuses
// exact: it moves the beginnings of a few placements. The second census moves no
// beginning that the first one counted.
func (w *world) matchCensuses() error {
	after := w.cfg.From - 1
	for _, c := range []struct {
		on   civil.Date
		want int
	}{{firstCensus, w.scaled(placedAtFirst)}, {secondCensus, w.scaled(placedAtSecond)}} {
		if !w.inPeriod(c.on) {
			continue
		}
		if err := w.adjustCensus(c.on, after, c.want); err != nil {
			return err
		}
		after = c.on
	}
	return nil
}

// adjustCensus moves beginnings that lie later than after, until want people are in
// place on a day.
func (w *world) adjustCensus(on, after civil.Date, want int) error {
	var vacant, movable []int32
	n := 0
	for i := range w.seats {
		s := int32(i)
		switch _, now := w.occupantOn(s, on); {
		case now >= 0:
			n++
			if w.placements[now].from > after {
				movable = append(movable, s)
			}
		case w.seats[s].from <= on:
			vacant = append(vacant, s)
		}
	}
	if want-n > len(vacant) || n-want > len(movable) {
		return fmt.Errorf("%w: %d in place on %s, want %d", ErrConfig, n, on, want)
	}
	if n < want {
		w.filler.r.Shuffle(len(vacant), func(i, j int) { vacant[i], vacant[j] = vacant[j], vacant[i] })
		for _, s := range vacant[:want-n] {
			w.fillEarlier(s, on, after)
		}
		return nil
	}
	slices.SortStableFunc(movable, func(a, b int32) int {
		_, i := w.occupantOn(a, on)
		_, j := w.occupantOn(b, on)
		return int(w.placements[j].from - w.placements[i].from)
	})
	for _, s := range movable[:n-want] {
		w.fillLater(s, on)
	}
	return nil
}

// occupantOn returns the placement on a seat on a day and the placement before it; -1
// is none.
func (w *world) occupantOn(s int32, on civil.Date) (before, now int32) {
	before = -1
	for i := w.seats[s].first; i >= 0 && w.placements[i].from <= on; i = w.placements[i].next {
		if w.placements[i].covers(on) {
			return before, i
		}
		before = i
	}
	return before, -1
}

// fillEarlier fills a seat that is vacant on a day, by that day at the latest.
func (w *world) fillEarlier(s int32, on, after civil.Date) {
	before, _ := w.occupantOn(s, on)
	low := max(w.seats[s].from, after+1, on-20)
	if before >= 0 {
		low = max(low, w.placements[before].exit)
	}
	w.cutChain(s, before)
	w.occupy(w.filler, s, before, low+civil.Date(w.filler.r.IntN(int(on-low)+1)), on)
}

// fillLater has the placement on a seat on a day begin after that day.
func (w *world) fillLater(s int32, on civil.Date) {
	before, _ := w.occupantOn(s, on)
	w.cutChain(s, before)
	w.occupy(w.filler, s, before, on+1+civil.Date(w.filler.r.IntN(20)), 0)
}

// cutChain ends the chain of a seat after the placement last. The rest is forgotten.
func (w *world) cutChain(s, last int32) {
	if last < 0 {
		w.seats[s].first = -1
	} else {
		w.placements[last].next = -1
	}
}
