package query

import (
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
	Head       log.Position `json:"head"`     // of the log
	Current    bool         `json:"current"`  // position is head
	Recorded   time.Time    `json:"recordedtime"`
	// Age is how long the view has been behind, in seconds: the time since the
	// last commit it shows was recorded, 0 while it is current.
	Age int `json:"age_seconds"`
}

// Projections answers how far the views have come.
type Projections struct {
	Origin
	Rows []ViewStatus `json:"rows"`
}

func (a *API) projections(q *question) (any, error) {
	head, _, err := a.Log.Head(q.ctx, log.Filter{})
	if err != nil {
		return nil, err
	}
	p := &Projections{Origin: q.Origin, Rows: []ViewStatus{}}
	for _, name := range slices.Sorted(maps.Keys(q.meta.Views)) {
		s := ViewStatus{
			View: name, Version: q.meta.Views[name], Generation: q.meta.Generation,
			Position: q.meta.Position, Head: head, Recorded: q.meta.Recorded,
			Current: q.meta.Position.Compare(head) >= 0,
		}
		if !s.Current {
			s.Age = int(a.Now().Sub(q.meta.Recorded).Seconds())
		}
		p.Rows = append(p.Rows, s)
	}
	return p, nil
}

func (p *Projections) table() (header []string, rows [][]string) {
	header = []string{"view", "version", "generation", "position", "head", "current", "age_seconds"}
	for _, s := range p.Rows {
		rows = append(rows, []string{s.View, strconv.Itoa(s.Version), s.Generation, s.Position.String(), s.Head.String(), strconv.FormatBool(s.Current), strconv.Itoa(s.Age)})
	}
	return header, rows
}

// pulse is how often a stream looks for news.
const pulse = 200 * time.Millisecond

// stream sends an event whenever the views have reached another position, as
// server-sent events; clients ask again then.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		writeError(w, &problem{http.StatusInternalServerError, "No streaming", "the server cannot stream", "internal"})
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	var shown log.Position
	for {
		model, err := a.Model.Reader(r.Context())
		if err == nil {
			if meta, err := model.Meta(r.Context()); err == nil && meta.Position != shown {
				shown = meta.Position
				for _, name := range slices.Sorted(maps.Keys(meta.Views)) {
					fmt.Fprintf(w, "event: reached\ndata: {\"view\":%q,\"position\":%q,\"generation\":%q}\n\n", name, shown, meta.Generation)
				}
				flusher.Flush()
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}
