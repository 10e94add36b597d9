package query

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/muster-works/muster/events/log"
)

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

// FarBehind is how many commits are looked at to tell the lag.
const FarBehind = 100

// Projections answers how far the views have come.
type Projections struct {
	Origin
	Rows []ViewStatus `json:"rows"`
}

func (a *API) projections(q *question) (answer, error) {
	s, err := a.standing(q)
	if err != nil {
		return nil, err
	}
	p := &Projections{Rows: []ViewStatus{}}
	for _, name := range slices.Sorted(maps.Keys(q.meta.Views)) {
		s.View, s.Version = name, q.meta.Views[name]
		p.Rows = append(p.Rows, s)
	}
	return p, nil
}

// Standing says how far the views, which go together, have come; View and
// Version are not set. It fails while there is no read model.
func (a *API) Standing(ctx context.Context) (ViewStatus, error) {
	q := &question{ctx: ctx}
	if err := a.wait(q); err != nil {
		return ViewStatus{}, err
	}
	return a.standing(q)
}

func (a *API) standing(q *question) (ViewStatus, error) {
	head, _, err := a.Log.Head(q.ctx, log.Filter{})
	if err != nil {
		return ViewStatus{}, err
	}
	s := ViewStatus{Generation: q.meta.Generation, Position: q.meta.Position, Recorded: q.meta.Recorded, Head: head}
	return s, a.lag(q, &s)
}

// lag counts the commits up to the head that the read model does not show.
func (a *API) lag(q *question, s *ViewStatus) error {
	lag, clock := 0, log.Resume(q.meta.Recorded)
	for c, err := range a.Log.Read(q.ctx, q.meta.Position, log.Filter{}) {
		if err != nil {
			return err
		}
		if c.Position.Compare(s.Head) > 0 {
			break
		}
		if lag++; lag == 1 {
			s.Age = max(0, int(a.Now().Sub(clock.Recorded(c)).Seconds()))
		}
		if lag > FarBehind {
			return nil
		}
	}
	s.Lag = &lag
	return nil
}

func (p *Projections) table() (header []string, rows [][]string) {
	header = []string{"view", "version", "generation", "position", "recordedtime", "head", "lag", "age"}
	for _, s := range p.Rows {
		lag := ""
		if s.Lag != nil {
			lag = strconv.Itoa(*s.Lag)
		}
		rows = append(rows, []string{s.View, strconv.Itoa(s.Version), s.Generation, s.Position.String(), instant(s.Recorded), s.Head.String(), lag, strconv.Itoa(s.Age)})
	}
	return header, rows
}

// instant is a time as tables show it, empty where there is none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

const (
	// pulse is how often a stream looks for news.
	pulse = 200 * time.Millisecond
	// breath is how often a stream without news says that it is there.
	breath = 15 * time.Second
)

// stream sends an event whenever the views have reached another position, as
// server-sent events; clients ask again then. The first one says where they
// are.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		writeError(w, bad("query", "a stream takes no parameters"))
		return
	}
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	said, shown := time.Now(), ""
	for first := true; ; first = false {
		news := ""
		if reached := a.reached(r.Context()); reached != shown {
			news, shown = reached, reached
		} else if first || time.Since(said) > breath {
			news = ": nothing new\n\n"
		}
		if news != "" {
			said = time.Now()
			if _, err := fmt.Fprint(w, news); err != nil || out.Flush() != nil {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// reached says what position each view shows; nothing while there is no read
// model.
func (a *API) reached(ctx context.Context) (events string) {
	model, err := a.Model.Reader(ctx)
	if err != nil {
		return ""
	}
	meta, err := model.Meta(ctx)
	if err != nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(meta.Views)) {
		events += fmt.Sprintf("event: reached\ndata: {\"view\":%q,\"position\":%q,\"generation\":%q}\n\n", name, meta.Position, meta.Generation)
	}
	return events
}
