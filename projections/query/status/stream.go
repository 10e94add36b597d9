package status

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/query/question"
)

const (
	// lookEvery is how often a stream looks for news.
	lookEvery = 200 * time.Millisecond
	// keepAliveEvery is how often a stream without news writes that it is there.
	keepAliveEvery = 15 * time.Second
	// writePatience is how long a client may take to read what a stream writes. A client
	// that is slower loses its stream.
	writePatience = 10 * time.Second
)

// Stream sends server-sent events. Each says that a view has reached another position,
// so that the client can ask again; the first ones say where the views are.
func (s *Source) Stream(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		question.WriteError(w, r, question.InvalidParameter("query", events.Say("a stream takes no parameters", "数据流不带参数")))
		return
	}
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	written, shown := time.Now(), ""
	for first := true; ; first = false {
		news := ""
		if reached := s.reached(r.Context()); reached != shown {
			news, shown = reached, reached
		} else if first || time.Since(written) > keepAliveEvery {
			news = ": nothing new\n\n"
		}
		if news != "" {
			written = time.Now()
			_ = out.SetWriteDeadline(written.Add(writePatience)) // a writer of a test may have none
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

// reached returns the events that say what position each view shows. There are none if
// there is no read model. The read model is asked once for all streams that look at about
// the same time.
func (s *Source) reached(ctx context.Context) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.looked) >= lookEvery/2 {
		s.shown = s.ask(ctx)
		if ctx.Err() == nil {
			s.looked = now
		}
	}
	return s.shown
}

// ask returns what reached does, from the read model.
func (s *Source) ask(ctx context.Context) (events string) {
	model, err := s.Server.Model.Reader(ctx)
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
