package payroll

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/timeline"
)

// terms are the attributes of a post that the worth of a day depends on.
type terms struct {
	division division.Code
	urban    bool
	required int32      // days a month; 0 is as the pack says
	standard events.Fen // a month; 0 is as the pack says
}

// datedTerms are the terms of a post from a day on.
type datedTerms struct {
	from civil.Date
	terms
}

// A schedule is the terms of a post over time, by day. The first hold from ever.
type schedule []datedTerms

// scheduleOf returns the terms of a post over time.
func scheduleOf(p timeline.Periods) schedule {
	s := make(schedule, 0, len(p))
	for i := range p {
		t := terms{p[i].Division, p[i].Area == "urban", int32(p[i].RequiredDays), p[i].Standard}
		if n := len(s); n == 0 {
			s = append(s, datedTerms{0, t})
		} else if s[n-1].terms != t {
			s = append(s, datedTerms{p[i].Begins, t})
		}
	}
	return s
}

// on returns the terms on a day.
func (s schedule) on(day civil.Date) (t terms) {
	for i := range s {
		if i == 0 || s[i].from <= day {
			t = s[i].terms
		}
	}
	return t
}

// until returns the first day after a day on which other terms begin, and end if they begin
// no earlier.
func (s schedule) until(day, end civil.Date) civil.Date {
	for i := range s {
		if day < s[i].from {
			end = min(end, s[i].from)
		}
	}
	return end
}

// A period is a run of days of a month under one pack and the same terms.
type period struct {
	days     daySet
	pack     *policy.Pack // nil if none is in force
	standard int64        // fen a month
	required int64        // days a month
}

// periods returns the periods of a month at a post under the packs of a book.
func (s schedule) periods(book *policy.Book, month civil.Month) []period {
	var all []period
	first, end := month.First(), (month + 1).First()
	for day := first; day < end; {
		t, until := s.on(day), s.until(day, end)
		book.Within(t.division, day, until, func(from, until civil.Date, pack *policy.Pack) {
			all = append(all, periodOf(pack, t, between(from-first, until-first)))
		})
		day = until
	}
	return all
}

// periodOf returns the period of some days. If the post has a standard or required days of
// its own, they go before those of the pack.
func periodOf(pack *policy.Pack, t terms, days daySet) period {
	p := period{days: days, pack: pack, standard: int64(t.standard), required: int64(t.required)}
	if pack == nil {
		return p
	}
	if p.standard == 0 {
		p.standard = standardOf(pack, t)
	}
	if p.required == 0 {
		p.required = int64(pack.Payment.RequiredDays)
	}
	return p
}

// versions returns the versions of the packs of periods, each once in a row, separated by
// commas.
func versions(periods []period) (all string) {
	last := ""
	for i := range periods {
		pack := periods[i].pack
		if pack == nil || pack.Version == last {
			continue
		}
		if all != "" {
			all += ", "
		}
		last = pack.Version
		all += last
	}
	return all
}

// standardOf returns the standard of the pack, in fen a month.
func standardOf(pack *policy.Pack, t terms) int64 {
	if t.urban {
		return pack.Payment.Standard.Urban
	}
	return pack.Payment.Standard.Rural
}

// share returns what some hundredths of a day are worth in the period.
func (p *period) share(hundredths int64) share { return share{p.standard, p.required, hundredths} }
