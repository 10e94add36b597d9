package money

import (
	"errors"
	"sync"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/readmodel"
)

// rules returns the packs that rolls of a month are made under, as known at a position of the log, and what
// was known of them before, since the month ended. The days on which commits were recorded are read when they are needed; failed then
// returns why one of them could not be read.
func (s *Source) rules(r *question.Request, at log.Position, month civil.Month) (rules *payroll.Rules, failed func() error, err error) {
	books, err := s.Policies.Books(r.Context(), at, r.AllSetAside()...)
	if err != nil {
		return nil, nil, err
	}
	days := &recordedDays{request: r, known: map[uint64]civil.Date{}}
	rules = &payroll.Rules{Book: new(policy.Book), Recorded: days.of}
	for i := range books {
		since, err := s.ordinal(r, books[i].Since)
		if err != nil {
			return nil, nil, err
		}
		if len(rules.Known) > 0 && days.of(since) < (month+1).First() {
			rules.Known = rules.Known[:0] // no due day of the month lies before that
		}
		rules.Book = books[i].Book // the last one is that of the position
		rules.Known = append(rules.Known, payroll.KnownBook{Since: since, Book: books[i].Book})
	}
	return rules, days.failed, nil
}

// An ordinalKey names a commit of a generation.
type ordinalKey struct{ generation, position string }

// ordinal returns the ordinal of the commit at a position. It is read once, since finding it takes long.
// A commit that the generation does not have yet has the ordinal 0.
func (s *Source) ordinal(r *question.Request, at log.Position) (uint64, error) {
	key := ordinalKey{r.Generation, at.String()}
	if ord, ok := s.ordinals.Load(key); ok {
		return ord.(uint64), nil
	}
	c, err := r.Model.ResolvePosition(r.Context(), at)
	switch {
	case errors.Is(err, readmodel.ErrUnknown):
		return 0, nil
	case err != nil:
		return 0, err
	}
	s.ordinals.Store(key, c.Ord)
	return c.Ord, nil
}

// recordedDays are the business dates on which commits were recorded.
type recordedDays struct {
	request *question.Request

	mu    sync.Mutex
	known map[uint64]civil.Date
	err   error
}

// of returns the day of a commit. If it cannot be read, failed says why.
func (d *recordedDays) of(ord uint64) civil.Date {
	d.mu.Lock()
	defer d.mu.Unlock()
	day, ok := d.known[ord]
	if !ok && d.err == nil {
		c, err := d.request.Model.Commit(d.request.Context(), ord)
		if err != nil {
			d.err = err
			return 0
		}
		day = d.request.DateOf(c.Recorded)
		d.known[ord] = day
	}
	return day
}

func (d *recordedDays) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
