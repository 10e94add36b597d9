package trail

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/projections/timeline"
)

// maxEvents is how many events a page of a trail has at most: each of them may lie in a
// commit of its own, which is read from the log.
const maxEvents = 200

var takes = []question.Parameter{question.KnownAt, question.Limit, question.Cursor}

func (s *Source) persons() question.Question {
	return question.Question{
		ID: "personTrail", Path: "trail/persons/{id}", Summary: "The audit trail of a person",
		Answers: "The events, oldest first; of sheets and runs that person's lines alone.",
		Takes:   takes, Answer: new(Trail), Ask: s.askPerson,
	}
}

func (s *Source) posts() question.Question {
	return question.Question{
		ID: "postTrail", Path: "trail/posts/{id}", Summary: "The audit trail of a post", Answers: "The events, oldest first.",
		Takes: takes, Answer: new(Trail), Ask: s.askPost,
	}
}

func (s *Source) agencies() question.Question {
	return question.Question{
		ID: "agencyTrail", Path: "trail/agencies/{id}", Summary: "The audit trail of an agency", Answers: "The events, oldest first.",
		Takes: takes, Answer: new(Trail), Ask: s.askAgency,
	}
}

// TrailEvent is one event of a trail.
type TrailEvent struct {
	ID       string       `json:"id"`
	Source   string       `json:"source"`
	Type     events.Type  `json:"type"`
	Date     string       `json:"date"` // business date or month
	Recorded time.Time    `json:"recordedtime"`
	Position log.Position `json:"position"`
	AuthID   string       `json:"authid"`
	// AuthDivision is the prefix of the divisions that the agency answered for: 00 for all
	// of them, and nothing where it is not known. Of reports that contradict each other,
	// that of the higher rank counts.
	AuthDivision string `json:"authdivision,omitzero"`
	Replaces     string `json:"replaces,omitzero"`
	// ReplacesSource is the source of the event that this one replaces or withdraws, where
	// an overseer corrects another source.
	ReplacesSource string `json:"replacessource,omitzero"`
	Withdrawn      bool   `json:"withdrawn"` // replaced or withdrawn, as known
	// WithdrawnBy is where the event is that replaced or withdrew this one.
	WithdrawnBy log.Position `json:"withdrawn_by,omitzero"`
	Data        events.Data  `json:"data"`
}

// Trail answers what is recorded of a person, a post or an agency, oldest
// first. A person's trail holds of sheets and runs that person's lines alone.
type Trail struct {
	question.Origin
	Events []TrailEvent `json:"events"`
	question.Paged
}

func (s *Source) askPerson(r *question.Request) (question.Answer, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return nil, question.InvalidParameter("id", events.Say("want the pseudonym of a person, as a receipt gave it", "须为回执中的人员代号"))
	}
	p, err := r.Model.Person(r.Context(), id, r.Known)
	if err != nil {
		return nil, err
	}
	return s.trail(r, p.Trail(), func(d events.Data) {
		if lines := d.PersonLines(); lines != nil {
			lines.Only(id)
		}
	})
}

func (s *Source) askPost(r *question.Request) (question.Answer, error) {
	p, err := r.Model.Post(r.Context(), r.PathValue("id"), r.Known)
	if err != nil {
		return nil, err
	}
	return s.trail(r, p.Trail(), whole)
}

func (s *Source) askAgency(r *question.Request) (question.Answer, error) {
	var refs []timeline.Ref
	err := r.Model.AgencyEvents(r.Context(), r.PathValue("id"), 0, r.Known, func(ref timeline.Ref) bool {
		refs = append(refs, ref)
		return true
	})
	if err != nil {
		return nil, err
	}
	return s.trail(r, refs, whole)
}

// whole leaves data as they are.
func whole(events.Data) {}

// trail reads the events of a page from the log. It calls reduce with the data of each,
// which may take away what the trail is not about.
func (s *Source) trail(r *question.Request, refs []timeline.Ref, reduce func(events.Data)) (question.Answer, error) {
	page := r.Page
	page.Limit = min(page.Limit, maxEvents)
	shown := question.Cut(page, refs)
	t := &Trail{Events: make([]TrailEvent, 0, len(shown)), Paged: r.Paged(len(shown), len(refs))}
	events := s.reader(r)
	for _, ref := range shown {
		e, err := events.trailEvent(ref)
		if err != nil {
			return nil, err
		}
		reduce(e.Data)
		t.Events = append(t.Events, e)
	}
	return t, nil
}

// Table returns the events, with their data as JSON.
func (t *Trail) Table() table.Table {
	all := table.Table{Columns: table.Text("id", "source", "type", "date", "recordedtime", "position", "authid", "withdrawn", "data")}
	for _, e := range t.Events {
		data, err := json.Marshal(e.Data)
		if err != nil {
			data = []byte(err.Error())
		}
		all.Rows = append(all.Rows, []string{e.ID, e.Source, string(e.Type), e.Date, e.Recorded.Format(time.RFC3339Nano), e.Position.String(),
			e.AuthID, strconv.FormatBool(e.Withdrawn), string(data)})
	}
	return all
}
