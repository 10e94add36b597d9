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
// there is no read model.
func (s *Source) reached(ctx context.Context) (events string) {
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
