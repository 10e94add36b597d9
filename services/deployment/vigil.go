package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/meter"
)

const (
	// examineEvery is how often a log is examined while a deployment runs.
	examineEvery = time.Hour
	// readyTime bounds how long the log may take to answer a question for readiness.
	readyTime = 3 * time.Second
)

// A vigil watches over the log of a running process: whether it answers, and whether
// it is about to lose commits.
type vigil struct {
	name     string // of the log, as an operator gave it, without a password
	log      log.Log
	examiner log.Examiner // nil where the driver cannot tell
	logger   *slog.Logger

	mu      sync.Mutex
	finding error // of the last examination
}

// vigil makes one over the ground's log.
func (c *Config) vigil(g *ground) *vigil {
	v := &vigil{name: c.logName(g), log: g.log, logger: c.Logger}
	v.examiner, _ = g.driver.(log.Examiner)
	return v
}

// logName is what people call the log.
func (c *Config) logName(g *ground) string {
	switch scheme, _, _ := strings.Cut(c.Log, ":"); {
	case scheme != "":
		return redacted(c.Log)
	case g.server == nil:
		return redacted(c.NATS)
	}
	return "embedded"
}

// logBoundaries are those that the services commit under.
func logBoundaries() (all []string) {
	for _, f := range events.Families {
		if b := f.Boundary(); !slices.Contains(all, b) {
			all = append(all, b)
		}
	}
	return all
}

// examine looks at the log and remembers what it finds. That the log does not answer
// is no finding, and leaves the one before.
func (v *vigil) examine(ctx context.Context) error {
	if v.examiner == nil {
		return nil
	}
	err := v.examiner.Examine(ctx, logBoundaries()...)
	if err == nil || isFinding(err) {
		v.mu.Lock()
		v.finding = err
		v.mu.Unlock()
	}
	return err
}

func isFinding(err error) bool {
	return errors.Is(err, log.ErrMisconfigured) || errors.Is(err, log.ErrCorrupt) || errors.Is(err, log.ErrForeign)
}

// found is what the last examination found.
func (v *vigil) found() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.finding
}

// keep examines the log every interval until ctx ends, and reports each time what is
// wrong with it.
func (v *vigil) keep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := v.examine(ctx); isFinding(err) && v.logger != nil {
			v.logger.Error("the log is in danger", "log", v.name, "error", err)
		}
	}
}

// answers fails unless the log answers within readyTime.
func (v *vigil) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	// Of one small boundary: the head of the whole log may take a search.
	_, _, err := v.log.Head(ctx, log.Filter{Boundary: events.Policy.Boundary()})
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", readyTime)
	}
	return err
}

// ready answers whether requests can be served: 200, or 503 with what is missing.
func (v *vigil) ready(w http.ResponseWriter, r *http.Request) {
	if err := v.answers(r.Context()); err != nil {
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, fmt.Sprintf("the log %s does not answer: %v", v.name, err))
		return
	}
	if err := v.found(); err != nil {
		problem(w, http.StatusServiceUnavailable, fmt.Sprintf("the log %s is in danger: %v", v.name, err))
		return
	}
	fmt.Fprintf(w, "ready\nlog %s answers\n", v.name)
}

// watch tells m how the log is.
func (v *vigil) watch(m *meter.Meter) {
	m.LogState(func(ctx context.Context) bool { return v.answers(ctx) == nil }, func() bool { return v.found() == nil })
}
