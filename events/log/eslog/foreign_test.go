package eslog

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// Goal: an event of someone else in a stream of the log is reported as such, with
// stream, number and type, and nothing after it is read.
func TestWrittenByOthers(t *testing.T) {
	for name, metadata := range map[string]string{
		"no metadata":          "",
		"metadata no JSON":     "by hand",
		"metadata of its own":  `{"user":"x"}`,
		"metadata a list":      `[1]`,
		"correlation metadata": `{"$correlationId":"0190"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, estest.Options{})
			l := openLog(t, s)
			good := mustAppend(t, l, commit("good", 2), 0)
			s.Write("muster-placement", estest.Event{ID: uuid.New(), Type: "stock.counted", Data: []byte(`{"n":1}`), Metadata: []byte(metadata), JSON: true})
			check := func(call string, err error) {
				t.Helper()
				if !errors.Is(err, log.ErrCorrupt) {
					t.Errorf("%s: %v", call, err)
					return
				}
				for _, part := range []string{"was not written by Muster", "stream muster-placement", "event number 2", `type "stock.counted"`} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s: %v; want it to say %q", call, err, part)
					}
				}
			}
			got, err := collect(l, t.Context(), log.Position{})
			if len(got) != 1 || got[0].ID != "good" {
				t.Errorf("%d commits", len(got))
			}
			check("read", err)
			_, err = collect(l, t.Context(), good.Position)
			check("read on", err)
			_, _, err = l.Head(t.Context(), log.Filter{Boundary: "placement"})
			check("head of the boundary", err)
		})
	}
}
