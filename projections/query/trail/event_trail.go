package trail

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/timeline"
)

// maxCorrections is how many events an event trail shows at most.
const maxCorrections = 200

func (s *Source) events() question.Question {
	return question.Question{
		ID: "eventTrail", Path: "trail/events/{id}", Summary: "The chain of an event", Answers: "The event, what it corrects and what corrects it, oldest first.",
		Takes: []question.Parameter{question.KnownAt}, Answer: new(EventTrail), Ask: s.askEvent,
	}
}

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

// askEvent takes the position of an event, as receipts and trails give it.
func (s *Source) askEvent(r *question.Request) (question.Answer, error) {
	events := s.reader(r)
	first, err := events.resolve(r)
	if err != nil {
		return nil, err
	}
	refs, err := events.corrections(first)
	if err != nil {
		return nil, err
	}
	t := &EventTrail{Trail: Trail{Paged: question.Paged{Total: len(refs)}}}
	for _, ref := range refs {
		e, err := events.trailEvent(ref)
		if err != nil {
			return nil, err
		}
		t.Events = append(t.Events, e)
		if err := t.About.add(r, events, ref); err != nil {
			return nil, err
		}
	}
	return t, nil
}

var errNoEvent = question.NotFound(events.Say("there was no event at that position by then", "到那时为止，该位置上没有事件"))

// resolve returns the Ref of the event whose position the request names.
func (r *eventReader) resolve(request *question.Request) (timeline.Ref, error) {
	p, err := log.ParsePosition(request.PathValue("id"))
	if err != nil {
		return 0, question.InvalidParameter("id", events.Say("want the position of an event as a receipt shows it, such as 17-0", "须为回执中事件的位置，如17-0"))
	}
	c, err := r.model.ResolvePosition(r.ctx, p)
	if err != nil {
		return 0, err
	}
	if c.Ord > r.known {
		return 0, errNoEvent
	}
	ref := timeline.MakeRef(c.Ord, p.Index())
	if _, err := r.event(ref); errors.Is(err, log.ErrForeign) {
		return 0, errNoEvent
	} else if err != nil {
		return 0, err
	}
	return ref, nil
}

// corrections returns the events that hang together with one by replacing and
// withdrawing, in log order: all that are known, up to maxCorrections.
func (r *eventReader) corrections(first timeline.Ref) ([]timeline.Ref, error) {
	refs := []timeline.Ref{first}
	add := func(ref timeline.Ref) {
		if ref != 0 && ref.Ord() <= r.known && !slices.Contains(refs, ref) && len(refs) < maxCorrections {
			refs = append(refs, ref)
		}
	}
	for i := 0; i < len(refs); i++ {
		later, earlier, err := r.neighbours(refs[i])
		if err != nil {
			return nil, err
		}
		add(later)
		add(earlier)
	}
	slices.Sort(refs)
	return refs, nil
}

// neighbours returns the event that superseded an event, and the event that it
// superseded. 0 is none.
func (r *eventReader) neighbours(ref timeline.Ref) (later, earlier timeline.Ref, err error) {
	e, err := r.event(ref)
	if err != nil {
		return 0, 0, err
	}
	if later, _, err = r.model.Retraction(r.ctx, e.Key().Hash()); err != nil {
		return 0, 0, err
	}
	if superseded, ok := e.Supersedes(); ok {
		_, earlier, err = r.model.Retraction(r.ctx, superseded.Hash())
	}
	return later, earlier, err
}

// add adds the timelines that an event is about.
func (a *About) add(r *question.Request, events *eventReader, ref timeline.Ref) error {
	e, err := events.event(ref)
	if err != nil {
		return err
	}
	a.Agencies = appendNew(a.Agencies, e.Agency())
	subjects, err := r.Model.SubjectsOf(r.Context(), ref)
	if err != nil {
		return err
	}
	var persons []timeline.Number
	for _, s := range subjects {
		if s.Kind == timeline.OfPerson {
			persons = append(persons, timeline.Number(s.No))
		} else if err := a.addNamed(r, s); err != nil {
			return err
		}
	}
	ids, err := r.Model.PersonIDs(r.Context(), persons)
	for _, id := range ids {
		a.Persons = appendNew(a.Persons, id)
	}
	return err
}

// addNamed adds a post or a plan line.
func (a *About) addNamed(r *question.Request, s timeline.Subject) error {
	switch s.Kind {
	case timeline.OfPost:
		name, err := r.Model.PostName(r.Context(), timeline.Number(s.No))
		if err != nil {
			return err
		}
		a.Posts = appendNew(a.Posts, name)
	case timeline.OfPlan:
		k, err := r.Model.PlanKey(r.Context(), s.No)
		if err != nil {
			return err
		}
		a.Plans = appendNew(a.Plans, fmt.Sprintf("%s %d %s", k.Division, k.Year, k.Area))
	default: // the others need nothing here
	}
	return nil
}

// appendNew appends v unless the list has it.
func appendNew[T comparable](all []T, v T) []T {
	if slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}
