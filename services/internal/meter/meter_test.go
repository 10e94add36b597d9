package meter_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/projections/query/status"
	"github.com/muster-works/muster/services/internal/meter"
)

func scrape(t *testing.T, m *meter.Meter) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func has(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no line begins with %s in\n%s", line, text)
		}
	}
}

func TestCounts(t *testing.T) {
	m := meter.New()
	m.Count("370211-rsj", []events.Receipt{
		{Status: events.Accepted}, {Status: events.Duplicate},
		{Status: events.Rejected, Reasons: events.Refusal(events.Missing, "data.post", events.Say("is required", "为必填项"))},
	})
	l := m.Log(memlog.New())
	c := log.Commit{ID: "1", Boundary: "placement", Events: [][]byte{[]byte(`{}`)}}
	if _, _, err := l.Append(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	c.ID = "2"
	if _, _, err := l.Append(t.Context(), c, 0); !errors.Is(err, log.ErrConflict) {
		t.Fatal(err)
	}
	c.Boundary = "No Boundary"
	if _, _, err := l.Append(t.Context(), c, 0); err == nil {
		t.Fatal("appended")
	}
	has(t, scrape(t, m),
		`muster_receipts_total{agency="370211-rsj",status="accepted"} 1`, `muster_receipts_total{agency="370211-rsj",status="duplicate"} 1`,
		`muster_receipts_total{agency="370211-rsj",status="rejected"} 1`, `muster_refusals_total{code="missing"} 1`,
		"muster_commit_seconds_count 1", `muster_commit_failures_total{cause="conflict"} 1`, `muster_commit_failures_total{cause="error"} 1`,
		"go_goroutines ", "process_resident_memory_bytes ")
}

// The metrics name the pattern of the route, and never the path of the request, which may
// hold anything.
func TestRequests(t *testing.T) {
	m, mux := meter.New(), http.NewServeMux()
	mux.HandleFunc("GET /v1/trail/persons/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})
	h := m.Requests(mux)
	for _, target := range []string{"/v1/trail/persons/370211196501010014", "/370211196501010014"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, target, nil))
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("370211196501010014", "/", nil))
	text := scrape(t, m)
	has(t, text, `muster_http_seconds_count{method="GET",path="/v1/trail/persons/{id}",status="200"} 1`,
		`muster_http_seconds_count{method="GET",path="none",status="404"} 1`, `muster_http_seconds_count{method="other",path="none",status="404"} 1`)
	if strings.Contains(text, "1965") {
		t.Errorf("a path is in the metrics:\n%s", text)
	}
}

// The lag of the views is read at each scrape, and left out while it is unknown.
func TestViews(t *testing.T) {
	m := meter.New()
	few, s, failed := 3, status.ViewStatus{}, error(nil)
	m.Views(func(ctx context.Context) (status.ViewStatus, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the scrape has no deadline")
		}
		return s, failed
	}, func() bool { return failed != nil })
	s = status.ViewStatus{Lag: &few, Age: 7}
	has(t, scrape(t, m), "muster_views_readable 1", "muster_views_failing 0", "muster_views_lag_commits 3", "muster_views_age_seconds 7")
	s = status.ViewStatus{Age: int(time.Hour.Seconds())}
	has(t, scrape(t, m), "muster_views_lag_commits 101", "muster_views_age_seconds 3600")
	failed = errors.New("no views")
	text := scrape(t, m)
	has(t, text, "muster_views_readable 0", "muster_views_failing 1")
	if strings.Contains(text, "muster_views_age_seconds") {
		t.Errorf("an age is in the metrics:\n%s", text)
	}
}
