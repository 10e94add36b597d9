// Package meter counts and times what a deployment does, for Prometheus. Labels name
// agencies, as the events do; they never name or identify a person. The metrics are:
//
//	muster_receipts_total{agency, status}        receipts given: accepted, duplicate, rejected
//	muster_refusals_total{code}                  rejected events, by the code of their first reason
//	muster_replies_refused_total                 requests over NATS that named a reply subject on which nothing is answered
//	muster_commit_seconds                        from the append of a commit until it is durable in the log
//	muster_commit_failures_total{cause}          commits that the log did not take: conflict or error
//	muster_http_seconds{method, path, status}    duration of requests, by the pattern of the route
//	muster_log_answers                           1 if the log answers, 0 if not
//	muster_log_sound                             0 if the last check found that the log may lose commits
//	muster_views_readable                        1 if the views can be asked, 0 if not
//	muster_views_lag_commits                     commits in the log that the views do not show yet; 101 stands for more than 100
//	muster_views_age_seconds                     how long the first of these commits has been in the log
//
// Lag and age are read from the log and the views whenever the metrics are scraped, so that
// a projector that has died cannot keep them at zero. Alert on the age. The metrics of the Go
// runtime and of the process are included.
package meter

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A Meter holds the metrics of one deployment. It is safe for concurrent use.
type Meter struct {
	registry *prometheus.Registry
	receipts *prometheus.CounterVec
	refusals *prometheus.CounterVec
	failures *prometheus.CounterVec
	replies  prometheus.Counter
	commits  prometheus.Histogram
	requests *prometheus.HistogramVec
}

// New makes a Meter with a registry of its own.
func New() *Meter {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "muster_" + name, Help: help}, labels)
	}
	m := &Meter{
		registry: prometheus.NewRegistry(),
		receipts: counter("receipts_total", "Receipts given to agencies.", "agency", "status"),
		refusals: counter("refusals_total", "Rejected events by the code of their first reason.", "code"),
		failures: counter("commit_failures_total", "Commits that the log did not take.", "cause"),
		replies: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_replies_refused_total", Help: "Requests over NATS whose reply subject is not one that is answered: agencies share an account with the deployment.",
		}),
		// The buckets go from 0.2 ms, an fsync on a fast disk, to 10 s.
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "muster_commit_seconds", Help: "How long a commit took to be durable in the log.", Buckets: prometheus.ExponentialBucketsRange(0.0002, 10, 16),
		}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_http_seconds", Help: "How long an HTTP request took.", Buckets: prometheus.ExponentialBucketsRange(0.0005, 60, 12),
		}, []string{"method", "path", "status"}),
	}
	m.registry.MustRegister(m.receipts, m.refusals, m.failures, m.replies, m.commits, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers a scrape with all metrics, in the text format of Prometheus.
func (m *Meter) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Count counts the receipts that were given to an agency.
func (m *Meter) Count(agency string, receipts []events.Receipt) {
	for _, r := range receipts {
		m.receipts.WithLabelValues(agency, string(r.Status)).Inc()
		if r.Status == events.Rejected && len(r.Reasons) > 0 {
			m.refusals.WithLabelValues(string(r.Reasons[0].Code)).Inc()
		}
	}
}

// CountReply counts a request over NATS that is not answered because of its reply subject.
func (m *Meter) CountReply() { m.replies.Inc() }

// Log returns a log that counts and times the appends to l.
func (m *Meter) Log(l log.Log) log.Log { return timed{l, m} }

// timed is a log whose appends are metered.
type timed struct {
	log.Log
	m *Meter
}

// Append is [log.Log.Append].
func (t timed) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	begin := time.Now()
	p, r, err := t.Log.Append(ctx, c, expected)
	switch {
	case err == nil:
		t.m.commits.Observe(time.Since(begin).Seconds())
	case errors.Is(err, log.ErrConflict):
		t.m.failures.WithLabelValues("conflict").Inc()
	default:
		t.m.failures.WithLabelValues("error").Inc()
	}
	return p, r, err
}

// Requests returns a handler that times the answers of next. The label is the pattern of the
// route, never the path of the request: a path may hold anything, even personal data.
func (m *Meter) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, s := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r)
		method := r.Method
		if method != http.MethodGet && method != http.MethodPost {
			method = "other"
		}
		m.requests.WithLabelValues(method, pathOf(r.Pattern), strconv.Itoa(s.status)).Observe(time.Since(begin).Seconds())
	})
}

// pathOf returns the path of a pattern of [http.ServeMux], which may begin with a method. It
// returns "none" if no route matched.
func pathOf(pattern string) string {
	for i := range pattern {
		if pattern[i] == '/' {
			return pattern[i:]
		}
	}
	return "none"
}

// A statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] flush and set deadlines.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
