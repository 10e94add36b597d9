package status

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
)

func (s *Source) projections() question.Question {
	return question.Question{
		ID: "projections", Path: "projections", Tag: question.TagOperation, Summary: "How far each view has come", Answers: "A row for each view.",
		Answer: new(Projections), Ask: s.askProjections,
	}
}

// ViewStatus says how far one view has come.
type ViewStatus struct {
	View       string       `json:"view"`
	Version    int          `json:"version"`
	Generation string       `json:"generation"`
	Position   log.Position `json:"position"` // shown
	Recorded   time.Time    `json:"recordedtime,omitzero"`
	Head       log.Position `json:"head"` // of the log
	// Lag is the number of commits in the log that the view does not show. It
	// is left out where they are more than FarBehind.
	Lag *int `json:"lag,omitzero"`
	// Age is how many seconds ago the first of those commits was recorded; 0
	// where there are none.
	Age int `json:"age"`
}

// FarBehind is up to how many commits of a lag are counted.
const FarBehind = 100

// Projections answers how far the views have come.
type Projections struct {
	question.Origin
	Rows []ViewStatus `json:"rows"`
}

func (s *Source) askProjections(r *question.Request) (question.Answer, error) {
	status, err := s.standing(r)
	if err != nil {
		return nil, err
	}
	p := &Projections{Rows: []ViewStatus{}}
	for _, name := range slices.Sorted(maps.Keys(r.Head.Views)) {
		status.View, status.Version = name, r.Head.Views[name]
		p.Rows = append(p.Rows, status)
	}
	return p, nil
}

func (s *Source) standing(r *question.Request) (ViewStatus, error) {
	head, _, err := s.Log.Head(r.Context(), log.Filter{})
	if err != nil {
		return ViewStatus{}, err
	}
	status := ViewStatus{Generation: r.Head.Generation, Position: r.Head.Position, Recorded: r.Head.Recorded, Head: head}
	return status, s.countLag(r, &status)
}

// countLag counts the commits up to the head that the read model does not show.
func (s *Source) countLag(r *question.Request, status *ViewStatus) error {
	lag, clock := 0, log.Resume(r.Head.Recorded)
	for c, err := range s.Log.Read(r.Context(), r.Head.Position, log.Filter{}) {
		if err != nil {
			return err
		}
		if c.Position.Compare(status.Head) > 0 {
			break
		}
		if lag++; lag == 1 {
			status.Age = max(0, int(s.Now().Sub(clock.Recorded(c)).Seconds()))
		}
		if lag > FarBehind {
			return nil
		}
	}
	status.Lag = &lag
	return nil
}

// Table returns the rows.
func (p *Projections) Table() table.Table {
	t := table.Table{Columns: []table.Column{{Name: "view"}, {Name: "version", Number: true}, {Name: "generation"}, {Name: "position"},
		{Name: "recordedtime"}, {Name: "head"}, {Name: "lag", Number: true}, {Name: "age", Number: true}}}
	for _, s := range p.Rows {
		lag := ""
		if s.Lag != nil {
			lag = strconv.Itoa(*s.Lag)
		}
		t.Rows = append(t.Rows, []string{s.View, strconv.Itoa(s.Version), s.Generation, s.Position.String(), instant(s.Recorded), s.Head.String(), lag, strconv.Itoa(s.Age)})
	}
	return t
}

// instant returns a time as tables show it, empty if there is none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
