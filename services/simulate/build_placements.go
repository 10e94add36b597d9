package simulate

import (
	"math"
	"math/rand/v2"

	"github.com/muster-works/muster/events/civil"
)

// A placement is one person on one seat, as it truly was.
type placement struct {
	person         int32
	seat           int32
	next           int32      // next placement on the seat; -1 is none
	otherPlacement int32      // another placement of the same person; -1 is none
	from           civil.Date // on-duty day
	exit           civil.Date // exit day, the first one not in place; 0 is no exit in the period
	until          civil.Date // end of the first term
	renewedUntil   civil.Date // end of the renewed term; 0 is not renewed
	code           string     // exit code
	group          uint8
	died           bool
	record         bool       // the hire is delivered before an exit that it depends on, so it is recorded
	recordExit     bool       // the same of the exit
	cardMonth      int8       // month whose pay is returned, after which the card is replaced; -1 is none
	suspendedMonth int8       // month in which the person does not work; -1 is none
	regroupedOn    civil.Date // day of a change of group; 0 is none
	renamedOn      civil.Date // day from which the person has another name; 0 is none
	paidTwiceMonth int8       // month that is paid twice and reversed once; -1 is none
	mismatched     bool       // a registry confuses the person with another one of the same name

	hired, trained, assigned, renewed, exited instant
}

// codeRetired is the exit code at the end of the age span, and codeTermEnd the one at the
// end of the term.
const (
	codeRetired = "N2"
	codeTermEnd = "N4"
)

// covers reports whether the person is in place on a day.
func (p *placement) covers(d civil.Date) bool { return p.from <= d && (p.exit == 0 || d < p.exit) }

// overlaps reports whether the person is in place on a day from from until until.
func (p *placement) overlaps(from, until civil.Date) bool {
	return p.from < until && (p.exit == 0 || p.exit > from)
}

// A seatFiller places people on seats.
type seatFiller struct {
	r        *rand.Rand
	register idNumberRegister
}

// fillSeats makes the placements of all seats.
func (w *world) fillSeats() {
	f := &seatFiller{rand.New(rand.NewPCG(w.cfg.Seed, forPeople)), idNumberRegister{}}
	for i := range w.seats {
		if s := &w.seats[i]; w.inPeriod(s.fill) {
			w.occupy(f, int32(i), -1, s.fill, 0)
		}
	}
	w.filler = f
}

// occupy continues the chain of a seat after the placement last, or begins it if last
// is -1: a person from the day from on, who is still in place on the day lasts, and the
// people who follow.
func (w *world) occupy(f *seatFiller, s, last int32, from, lasts civil.Date) {
	for w.inPeriod(from) {
		i := int32(len(w.placements))
		p := w.place(f, s, from, lasts)
		w.placements = append(w.placements, p)
		if last < 0 {
			w.seats[s].first = i
		} else {
			w.placements[last].next = i
		}
		if p.exit == 0 || f.r.Float64() < neverFilled {
			return
		}
		gap := backfillMedian * math.Exp(backfillSigma*f.r.NormFloat64())
		last, from, lasts = i, p.exit+1+civil.Date(gap), 0
	}
}

// place makes one placement.
func (w *world) place(f *seatFiller, s int32, from, lasts civil.Date) placement {
	post := &w.posts[w.seats[s].post]
	groups := w.groups[boolIndex(post.urban)]
	g := pickIndex(groups, f.r.Float64())
	who := w.newPerson(f, post.county, &groups[g].of, from, lasts)
	person := &w.people[who]
	leaves := birthday(person.birth, groups[g].of.spans[person.sex()].until)
	longest := min(leaves, from.AddMonths(w.cfg.Policy.Term.Months))
	p := placement{person: who, seat: s, next: -1, otherPlacement: -1, from: from, group: uint8(g), cardMonth: -1, paidTwiceMonth: -1, suspendedMonth: -1, until: longest}

	p.exit = max(from, lasts) + 1 + civil.Date(f.r.ExpFloat64()/leavingRate)
	p.code = pick(w.codes, f.r.Float64())
	if p.code == codeTermEnd && p.exit-from < 80 {
		p.code = w.codes[0].of
	}
	switch {
	case p.exit >= leaves && longest == leaves:
		p.exit, p.code = leaves, codeRetired
	case p.exit >= longest:
		p.exit, p.code = longest, codeTermEnd
	case p.code == codeRetired:
		p.died = f.r.Float64() < diedShare
	}
	if p.exit >= w.cfg.Until {
		p.exit, p.code, p.died = 0, "", false
	}
	w.agree(f, &p)
	return p
}

// agree sets the agreed term: usually the longest; sometimes a term that ends sooner,
// but not before the person leaves; sometimes half a year and then a renewal.
func (w *world) agree(f *seatFiller, p *placement) {
	last := p.exit
	if last == 0 {
		last = w.cfg.Until
	}
	u := f.r.Float64()
	half, shorter := p.from.AddMonths(6), p.from.AddMonths(12*(1+f.r.IntN(2)))
	switch {
	case p.code == codeTermEnd:
		p.until = p.exit
	case u < shortShare && half+10 < last && half < p.until:
		p.until, p.renewedUntil = half, p.until
	case u < .3 && shorter >= last && shorter < p.until:
		p.until = shorter
	}
}

// pickIndex returns the index of the alternative that u, from 0 to 1, falls on.
func pickIndex[T any](shares []share[T], u float64) int {
	for i, s := range shares {
		if u -= s.part; u < 0 {
			return i
		}
	}
	return len(shares) - 1
}
