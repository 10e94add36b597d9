package query

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
)

// maxChain bounds how many corrections of one event are shown.
const maxChain = 200

// EventTrail answers what became of one event: the event, with those that it
// replaced or withdrew and those that replaced or withdrew it, and so on, oldest
// first, and the timelines that they say something about.
type EventTrail struct {
	Trail
	About About `json:"about"`
}

// About names timelines.
type About struct {
	Agencies []string    `json:"agencies"`
	Posts    []string    `json:"posts"`
	Persons  []uuid.UUID `json:"persons"`
	Plans    []string    `json:"plans"` // division, year and area
}

// eventTrail takes the position of an event, as receipts and trails give it.
func (a *API) eventTrail(q *question) (answer, error) {
	p, err := log.ParsePosition(q.path("id"))
	if err != nil {
		return nil, bad("id", "want the position of an event as a receipt shows it, such as 17-0")
	}
	c, err := q.model.ResolvePosition(q.ctx, p)
	if err != nil {
		return nil, err
	}
	r := recall{api: a, q: q}
	ref := timeline.MakeRef(c.Ord, p.Index())
	if c.Ord > q.known {
		return nil, notThere
	}
	if _, err := r.read(ref); errors.Is(err, log.ErrForeign) {
		return nil, notThere
	} else if err != nil {
		return nil, err
	}
	refs, err := r.chain(ref)
	if err != nil {
		return nil, err
	}
	t := &EventTrail{Trail: Trail{Paged: Paged{Total: len(refs)}}}
	for _, ref := range refs {
		e, err := r.event(ref)
		if err != nil {
			return nil, err
		}
		t.Events = append(t.Events, e)
		raw, err := r.read(ref)
		if err != nil {
			return nil, err
		}
		t.About.Agencies = once(t.About.Agencies, raw.Agency())
		if err := t.About.add(q, ref); err != nil {
			return nil, err
		}
	}
	return t, nil
}

var notThere = &problem{http.StatusNotFound, "Not found", "there was no event at that position by then", "not_found"}

// chain returns the events that hang together by corrections with one.
func (r *recall) chain(first timeline.Ref) ([]timeline.Ref, error) {
	refs := []timeline.Ref{first}
	add := func(ref timeline.Ref) {
		if ref != 0 && ref.Ord() <= r.q.known && !slices.Contains(refs, ref) && len(refs) < maxChain {
			refs = append(refs, ref)
		}
	}
	for i := 0; i < len(refs); i++ {
		e, err := r.read(refs[i])
		if err != nil {
			return nil, err
		}
		by, _, err := r.q.model.Retraction(r.q.ctx, e.Key().Hash())
		if err != nil {
			return nil, err
		}
		add(by)
		if old, ok := e.Supersedes(); ok {
			_, target, err := r.q.model.Retraction(r.q.ctx, old.Hash())
			if err != nil {
				return nil, err
			}
			add(target)
		}
	}
	slices.Sort(refs)
	return refs, nil
}

// add adds what an event is about.
func (a *About) add(q *question, ref timeline.Ref) error {
	subjects, err := q.model.SubjectsOf(q.ctx, ref)
	if err != nil {
		return err
	}
	var persons []timeline.Number
	for _, s := range subjects {
		switch s.Kind {
		case timeline.OfPost:
			name, err := q.model.PostName(q.ctx, timeline.Number(s.No))
			if err != nil {
				return err
			}
			a.Posts = once(a.Posts, name)
		case timeline.OfPerson:
			persons = append(persons, timeline.Number(s.No))
		case timeline.OfPlan:
			k, err := q.model.PlanKey(q.ctx, s.No)
			if err != nil {
				return err
			}
			a.Plans = once(a.Plans, fmt.Sprintf("%s %d %s", k.Division, k.Year, k.Area))
		}
	}
	ids, err := q.model.PersonIDs(q.ctx, persons)
	for _, id := range ids {
		a.Persons = once(a.Persons, id)
	}
	return err
}

// once appends what is not there yet.
func once[T comparable](all []T, v T) []T {
	if slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}
