package trail

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// An eventReader reads events from the log that the read model knows by their Ref. It
// keeps the commit that it read last, since neighbours of a trail often share one. It is
// for one request.
type eventReader struct {
	ctx    context.Context
	log    log.Log
	model  *readmodel.Reader
	known  uint64           // ordinal of the last commit that is known
	row    readmodel.Commit // of commit, as the read model has it
	commit log.Commit
}

func (s *Source) reader(r *question.Request) *eventReader {
	return &eventReader{ctx: r.Context(), log: s.Log, model: r.Model, known: r.Known}
}

// event returns the event with a Ref. It fails with log.ErrForeign if the log is another
// one than the read model was made from.
func (r *eventReader) event(ref timeline.Ref) (*events.Event, error) {
	if err := r.readCommit(ref.Ord()); err != nil {
		return nil, err
	}
	if ref.Index() >= len(r.commit.Events) {
		return nil, fmt.Errorf("%w: commit at %s has no event %d", log.ErrForeign, r.commit.Position, ref.Index())
	}
	e, err := events.Decode(r.commit.Events[ref.Index()])
	if err != nil {
		return nil, fmt.Errorf("event at %s: %w", r.commit.Position.Event(ref.Index()), err)
	}
	return e, nil
}

// trailEvent returns the event with a Ref as trails show it.
func (r *eventReader) trailEvent(ref timeline.Ref) (t TrailEvent, err error) {
	e, err := r.event(ref)
	if err != nil {
		return t, err
	}
	t = TrailEvent{
		ID: e.ID, Source: e.Source, Type: e.Type, Date: e.Data.BusinessDate(), Recorded: r.row.Recorded,
		Position: r.row.Position.Event(ref.Index()), AuthID: e.AuthID, AuthDivision: e.AuthDivision,
		Replaces: e.Replaces, ReplacesSource: e.ReplacesSource, Data: e.Data,
	}
	by, _, err := r.model.Retraction(r.ctx, e.Key().Hash())
	if err != nil {
		return t, err
	}
	if t.Withdrawn = by != 0 && by.Ord() <= r.known; t.Withdrawn {
		t.WithdrawnBy, err = r.position(by)
	}
	return t, err
}

// position returns the position of the event with a Ref.
func (r *eventReader) position(ref timeline.Ref) (log.Position, error) {
	c, err := r.model.Commit(r.ctx, ref.Ord())
	return c.Position.Event(ref.Index()), err
}

// readCommit reads a commit from the log, unless it is the last one read, and checks
// that it is the commit that the read model knows.
func (r *eventReader) readCommit(ord uint64) error {
	if ord == r.row.Ord {
		return nil
	}
	var before log.Position
	if ord > 1 {
		prior, err := r.model.Commit(r.ctx, ord-1)
		if err != nil {
			return err
		}
		before = prior.Position
	}
	row, err := r.model.Commit(r.ctx, ord)
	if err != nil {
		return err
	}
	for c, err := range r.log.Read(r.ctx, before, log.Filter{}) {
		switch {
		case err != nil:
			return err
		case c.ID != row.ID:
			return fmt.Errorf("%w: commit %s is at %s, where the read model has %s", log.ErrForeign, c.ID, c.Position, row.ID)
		}
		r.row, r.commit = row, c
		return nil
	}
	return fmt.Errorf("%w: nothing at %s", log.ErrForeign, row.Position)
}
