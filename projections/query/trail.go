package query

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// maxTrail bounds a page of a trail: each of its events may lie in a commit of
// its own.
const maxTrail = 200

// TrailEvent is one event of a trail.
type TrailEvent struct {
	ID        string       `json:"id"`
	Source    string       `json:"source"`
	Type      events.Type  `json:"type"`
	Date      string       `json:"date"` // business date or month
	Recorded  time.Time    `json:"recordedtime"`
	Position  log.Position `json:"position"`
	AuthID    string       `json:"authid"`
	Replaces  string       `json:"replaces,omitzero"`
	Withdrawn bool         `json:"withdrawn"` // replaced or withdrawn, as known
	// WithdrawnBy is where the event is that replaced or withdrew this one.
	WithdrawnBy log.Position `json:"withdrawn_by,omitzero"`
	Data        events.Data  `json:"data"`
}

// Trail answers what is recorded of a person, a post or an agency, oldest
// first. A person's trail holds of sheets and runs that person's lines alone.
type Trail struct {
	Origin
	Events []TrailEvent `json:"events"`
	Paged
}

func (a *API) personTrail(q *question) (answer, error) {
	id, err := uuid.Parse(q.path("id"))
	if err != nil {
		return nil, bad("id", "want the pseudonym of a person, as a receipt gave it")
	}
	p, err := q.model.Person(q.ctx, id, q.known)
	if err != nil {
		return nil, err
	}
	return a.trail(q, p.Trail(), func(d events.Data) {
		if lines := d.PersonLines(); lines != nil {
			lines.Only(id)
		}
	})
}

func (a *API) postTrail(q *question) (answer, error) {
	p, err := q.model.Post(q.ctx, q.path("id"), q.known)
	if err != nil {
		return nil, err
	}
	return a.trail(q, p.Trail(), func(events.Data) {})
}

func (a *API) agencyTrail(q *question) (answer, error) {
	var refs []timeline.Ref
	err := q.model.AgencyEvents(q.ctx, q.path("id"), 0, q.known, func(ref timeline.Ref) bool {
		refs = append(refs, ref)
		return true
	})
	if err != nil {
		return nil, err
	}
	return a.trail(q, refs, func(events.Data) {})
}

// trail reads a page of the events at refs from the log.
func (a *API) trail(q *question, refs []timeline.Ref, cut func(events.Data)) (answer, error) {
	page := refs[min(q.page.skip, len(refs)):]
	page = page[:min(q.page.limit, maxTrail, len(page))]
	t := &Trail{Events: make([]TrailEvent, 0, len(page)), Paged: q.paged(len(page), len(refs))}
	r := recall{api: a, q: q}
	for _, ref := range page {
		e, err := r.event(ref)
		if err != nil {
			return nil, err
		}
		cut(e.Data)
		t.Events = append(t.Events, e)
	}
	return t, nil
}

// A recall reads events from the log again. It keeps the commit that it read
// last.
type recall struct {
	api    *API
	q      *question
	about  readmodel.Commit
	commit log.Commit
}

func (r *recall) read(ref timeline.Ref) (*events.Event, error) {
	if ref.Ord() != r.about.Ord {
		var err error
		if r.about, r.commit, err = r.api.commit(r.q, ref.Ord()); err != nil {
			return nil, err
		}
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

// event reads an event as trails show it.
func (r *recall) event(ref timeline.Ref) (t TrailEvent, err error) {
	e, err := r.read(ref)
	if err != nil {
		return t, err
	}
	by, _, err := r.q.model.Retraction(r.q.ctx, e.Key().Hash())
	if err != nil {
		return t, err
	}
	t = TrailEvent{
		ID: e.ID, Source: e.Source, Type: e.Type, Date: e.Data.BusinessDate(), Recorded: r.about.Recorded,
		Position: r.about.Position.Event(ref.Index()), AuthID: e.AuthID, Replaces: e.Replaces, Data: e.Data,
	}
	if t.Withdrawn = by != 0 && by.Ord() <= r.q.known; t.Withdrawn {
		c, err := r.q.model.Commit(r.q.ctx, by.Ord())
		if err != nil {
			return t, err
		}
		t.WithdrawnBy = c.Position.Event(by.Index())
	}
	return t, nil
}

// commit reads one commit from the log, and checks that it is the one that the
// read model knows.
func (a *API) commit(q *question, ord uint64) (about readmodel.Commit, c log.Commit, err error) {
	var before log.Position
	if ord > 1 {
		prior, err := q.model.Commit(q.ctx, ord-1)
		if err != nil {
			return about, c, err
		}
		before = prior.Position
	}
	if about, err = q.model.Commit(q.ctx, ord); err != nil {
		return about, c, err
	}
	for c, err := range a.Log.Read(q.ctx, before, log.Filter{}) {
		if err != nil {
			return about, c, err
		}
		if c.ID != about.ID {
			return about, c, fmt.Errorf("%w: commit %s is at %s, where the read model has %s", log.ErrForeign, c.ID, c.Position, about.ID)
		}
		return about, c, nil
	}
	return about, c, fmt.Errorf("%w: nothing at %s", log.ErrForeign, about.Position)
}

func (t *Trail) table() (header []string, rows [][]string) {
	header = []string{"id", "source", "type", "date", "recordedtime", "position", "authid", "withdrawn", "data"}
	for _, e := range t.Events {
		data, err := json.Marshal(e.Data)
		if err != nil {
			data = []byte(err.Error())
		}
		rows = append(rows, []string{e.ID, e.Source, string(e.Type), e.Date, e.Recorded.Format(time.RFC3339Nano), e.Position.String(),
			e.AuthID, strconv.FormatBool(e.Withdrawn), string(data)})
	}
	return header, rows
}
