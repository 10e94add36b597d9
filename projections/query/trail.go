package query

import (
	"fmt"
	"slices"
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
	return a.trail(q, p.Trail(), func(d events.Data) { onlyPerson(d, id) })
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
		ID: e.ID, Source: e.Source, Type: e.Type, Date: businessDate(e.Data), Recorded: r.about.Recorded,
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

// businessDate is the date or month that the event is about.
func businessDate(d events.Data) string {
	switch d := d.(type) {
	case *events.PlanSet:
		return strconv.Itoa(d.Year)
	case *events.PostDeveloped:
		return d.From.String()
	case *events.PostResized:
		return d.From.String()
	case *events.PostClosed:
		return d.On.String()
	case *events.HirePlaced:
		return d.From.String()
	case *events.HireRenewed:
		return d.Until.String()
	case *events.ExitRecorded:
		return d.On.String()
	case *events.TrainingCompleted:
		return d.On.String()
	case *events.AttendanceReported:
		if d.Date != 0 {
			return d.Date.String()
		}
		return d.Month.String()
	case *events.FundAllocated:
		return strconv.Itoa(d.Year)
	case *events.AccountAssigned:
		return d.From.String()
	case *events.PaymentInstructed:
		return d.Month.String()
	case *events.PaymentSettled:
		return d.PaidOn.String()
	case *events.PaymentReturned:
		return firstDay(d.Lines)
	case *events.PaymentReversed:
		return firstDay(d.Lines)
	case *events.RegistryReported:
		if len(d.Lines) > 0 {
			return d.Lines[0].From.String()
		}
	case *events.PolicyAdopted:
		return d.ValidFrom.String()
	}
	return ""
}

func firstDay(lines []events.ReturnedLine) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0].On.String()
}

// onlyPerson leaves of lists the lines of one person.
func onlyPerson(d events.Data, p events.Person) {
	switch d := d.(type) {
	case *events.AttendanceReported:
		d.Lines = slices.DeleteFunc(d.Lines, func(l events.AttendanceLine) bool { return l.Person != p })
	case *events.PaymentInstructed:
		d.Lines = slices.DeleteFunc(d.Lines, func(l events.PayLine) bool { return l.Person != p })
	case *events.PaymentSettled:
		d.Lines = slices.DeleteFunc(d.Lines, func(l events.SettledLine) bool { return l.Person != p })
	case *events.PaymentReturned:
		d.Lines = slices.DeleteFunc(d.Lines, func(l events.ReturnedLine) bool { return l.Person != p })
	case *events.PaymentReversed:
		d.Lines = slices.DeleteFunc(d.Lines, func(l events.ReturnedLine) bool { return l.Person != p })
	case *events.RegistryReported:
		d.Lines = slices.DeleteFunc(d.Lines, func(l events.RegistryLine) bool { return l.Person != p })
	}
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
