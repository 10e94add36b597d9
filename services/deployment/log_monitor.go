package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/meter"
)

const (
	// examineInterval is how often a log is examined while a deployment runs.
	examineInterval = time.Hour
	// readyTimeout bounds how long the log may take to answer a question for readiness.
	readyTimeout = 3 * time.Second
)

// A logMonitor observes the log of a running process: whether the log answers, and
// whether it is about to lose commits. It is safe for concurrent use.
type logMonitor struct {
	name     string // name of the log, as an operator gave it, without a password
	log      log.Log
	examiner log.Examiner // nil if the driver cannot examine its log
	logger   *slog.Logger

	mu      sync.Mutex
	finding error // result of the last examination, nil if nothing is wrong; mu guards it
}

// newLogMonitor returns a monitor of the log of g. The monitor examines nothing by
// itself.
func (c *Config) newLogMonitor(g *infrastructure) *logMonitor {
	m := &logMonitor{name: c.logName(g), log: g.log, logger: c.Logger}
	m.examiner, _ = g.driver.(log.Examiner)
	return m
}

// logName returns the name of the log for people.
func (c *Config) logName(g *infrastructure) string {
	switch scheme, _, _ := strings.Cut(c.Log, ":"); {
	case scheme != "":
		return redacted(c.Log)
	case g.server == nil:
		return redacted(c.NATS)
	}
	return "embedded"
}

// examine looks for faults of the log and keeps the result. If the log does not answer,
// the result before is kept.
func (m *logMonitor) examine(ctx context.Context) error {
	if m.examiner == nil {
		return nil
	}
	err := m.examiner.Examine(ctx, events.Boundaries()...)
	if err == nil || isLogFault(err) {
		m.mu.Lock()
		m.finding = err
		m.mu.Unlock()
	}
	return err
}

// isLogFault reports whether err is a fault of the log, and not a failure to reach it.
func isLogFault(err error) bool {
	return errors.Is(err, log.ErrMisconfigured) || errors.Is(err, log.ErrCorrupt) || errors.Is(err, log.ErrForeign)
}

// found returns the fault that the last examination found.
func (m *logMonitor) found() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.finding
}

// keep examines the log at each interval until ctx ends, and logs an error each time
// that the log has a fault.
func (m *logMonitor) keep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := m.examine(ctx); isLogFault(err) && m.logger != nil {
			m.logger.Error("the log is in danger", "log", m.name, "error", err)
		}
	}
}

// answers fails unless the log answers within readyTimeout.
func (m *logMonitor) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	// It asks for the head of one small boundary: the head of the whole log may need a search.
	_, _, err := m.log.Head(ctx, log.Filter{Boundary: events.Policy.Boundary()})
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", readyTimeout)
	}
	return err
}

// ready answers whether requests can be served: 200, or 503 and what is wrong with the
// log.
func (m *logMonitor) ready(w http.ResponseWriter, r *http.Request) {
	if err := m.answers(r.Context()); err != nil {
		w.Header().Set("Retry-After", "5")
		answerProblem(w, r, http.StatusServiceUnavailable, events.Say("the log %s does not answer: %v", "日志%s没有应答：%v", m.name, err))
		return
	}
	if err := m.found(); err != nil {
		answerProblem(w, r, http.StatusServiceUnavailable, events.Say("the log %s is in danger: %v", "日志%s有危险：%v", m.name, err))
		return
	}
	fmt.Fprintf(w, "ready\nlog %s answers\n", m.name)
}

// export has metrics show whether the log answers, and whether it has a fault.
func (m *logMonitor) export(metrics *meter.Meter) {
	metrics.LogState(func(ctx context.Context) bool { return m.answers(ctx) == nil }, func() bool { return m.found() == nil })
}
