package deployment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/replay"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/projections/view"
	"github.com/muster-works/muster/services/gateway/problem"
)

// ReplayOptions say what to rebuild, and where. The zero value rebuilds all of the read
// model up to the head of the log and switches to it.
type ReplayOptions struct {
	DryRun   bool                  // compare the rebuilt read model with the one in use, and do not switch
	View     string                // name of the view to report on; empty is all
	KnownAt  string                // instant or date: rebuild from the commits recorded by then; empty is all
	ToDir    string                // directory to build the read model in; the one in use stays as it is
	Progress func(runner.Progress) // is called while the rebuild runs; nil is allowed
}

// Replay rebuilds the read model of a deployment from its log, beside the read model in
// use; see package replay. If the deployment in the data directory runs, Replay reads
// the log from its server. Otherwise Replay opens the log by itself.
func Replay(ctx context.Context, c Config, o ReplayOptions) (report replay.Report, err error) {
	if o.View != "" && !slices.ContainsFunc(projections.Views(), func(v view.View) bool { return v.Name == o.View }) {
		return report, fmt.Errorf("--view %s: there is no such view", o.View)
	}
	infra, err := c.openExisting(ctx)
	if err != nil {
		return report, err
	}
	defer infra.close()
	options := replay.Options{DryRun: o.DryRun, Progress: o.Progress}
	if options.SetAside, err = c.setAsidePositions(); err != nil {
		return report, err
	}
	if o.KnownAt != "" {
		if options.Until, err = knownAt(ctx, infra.log, o.KnownAt); err != nil {
			return report, err
		}
	}
	dir, err := c.openReadModel(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if o.ToDir != "" {
		if options.Into, err = (&Config{Store: o.ToDir}).openReadModel(ctx); err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, options.Into.Close()) }()
	}
	report, err = replay.Run(ctx, infra.log, dir, projections.Views(), options)
	return report, explainPoisoned(err)
}

// Back switches the read model of a deployment to the generation that was in use
// before, and returns the name of that generation.
func Back(ctx context.Context, c Config) (name string, err error) {
	dir, err := c.openReadModel(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	return replay.Back(ctx, dir)
}

// Moment parses the value of a flag that is an instant in RFC 3339 or a date. A date
// stands for its last nanosecond in Asia/Shanghai. flag is the name of the flag, for
// errors.
func Moment(flag, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil {
		return t, nil
	}
	d, bad := civil.ParseDate(s)
	shanghai, zoned := businessZone()
	if bad != nil || zoned != nil {
		return t, errors.Join(fmt.Errorf("%s %q: want an instant such as 2022-06-20T10:00:00+08:00, or a date", flag, s), zoned)
	}
	return (d + 1).Start(shanghai).Add(-time.Nanosecond), nil
}

// knownAt returns the position of the last commit that was recorded by s, which is an
// instant or a date. It reads the log from its beginning.
func knownAt(ctx context.Context, l log.Log, s string) (log.Position, error) {
	t, err := Moment("--known-at", s)
	if err != nil {
		return log.Position{}, err
	}
	var clock log.Clock
	var last log.Position
	for c, err := range l.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			return last, err
		}
		if clock.Recorded(c).After(t) {
			break
		}
		last = c.Position
	}
	if last.IsZero() {
		return last, fmt.Errorf("--known-at %s: nothing was recorded by then", s)
	}
	return last, nil
}

// openExisting opens the log of a deployment that may be running. It connects to the
// server that --nats names. Without --nats it starts the embedded server in the data
// directory, or connects to that server if another process runs it.
func (c Config) openExisting(ctx context.Context) (*infrastructure, error) {
	if c.NATS != "" {
		return c.connect(ctx, "replay")
	}
	if _, err := os.Stat(c.dataPath(logDir)); err != nil && c.Log == "" {
		return nil, fmt.Errorf("--data %s holds no log: name the deployment's directory, or its server with --nats", c.Data)
	}
	c.NATS = "127.0.0.1:0"
	infra, err := c.startEmbedded(ctx)
	if !errors.Is(err, embedded.ErrInUse) {
		return infra, err
	}
	b, err := os.ReadFile(c.dataPath(addressFile))
	if err != nil {
		return nil, fmt.Errorf("the deployment in %s is starting or stopping: try again when it is ready", c.Data)
	}
	var a Addresses
	if err := json.Unmarshal(b, &a); err != nil {
		return nil, fmt.Errorf("%s: %w", c.dataPath(addressFile), err)
	}
	c.NATS, c.serverCert = a.NATS, a.Cert
	if c.Creds == "" { // dial uses the password file only for a server on loopback
		c.Creds = filepath.Join(c.dataPath(logDir), embedded.PasswordFile)
	}
	return c.connect(ctx, "replay")
}

// A rebuilder starts replays on request over HTTP. At most one replay runs at a time.
type rebuilder struct {
	ctx  context.Context // of the deployment; a replay outlives its request
	log  log.Log
	dir  func() *readmodel.Dir // nil while there is none
	c    *Config
	busy atomic.Bool // a replay runs
}

// ServeHTTP starts a replay and answers 202 at once. It answers 404 for an unknown
// view, and 409 while a replay runs.
func (b *rebuilder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := r.PathValue("view") == "all"
	for _, v := range projections.Views() {
		known = known || v.Name == r.PathValue("view")
	}
	dir := b.dir()
	switch {
	case !known:
		answerProblem(w, r, http.StatusNotFound, events.Say(
			"there is no such view; all rebuilds the generation, which is always whole", "没有这个视图；all表示重建整代视图，视图总是整代重建"))
	case dir == nil:
		answerProblem(w, r, http.StatusServiceUnavailable, events.Say("the views cannot be opened; /readyz/query says why", "视图无法打开；原因见/readyz/query"))
	case !b.busy.CompareAndSwap(false, true):
		answerProblem(w, r, http.StatusConflict, events.Say("a rebuild is under way", "正在重建"))
	default:
		go b.run(dir)
		w.WriteHeader(http.StatusAccepted)
	}
}

// run replays the log and logs how the replay ended, unless it simply succeeded.
func (b *rebuilder) run(dir *readmodel.Dir) {
	defer b.busy.Store(false)
	report, err := replay.Run(b.ctx, b.log, dir, projections.Views(), replay.Options{})
	switch {
	case b.ctx.Err() != nil:
	case err != nil:
		b.c.Logger.Error("rebuild failed", "error", err)
	case !report.Same():
		b.c.Logger.Warn("the rebuilt views differ from those before", "generation", report.Rebuilt, "before", report.Living)
	}
}

// answerProblem answers with a document of the type application/problem+json (RFC 9457),
// in the language that the request asks for.
func answerProblem(w http.ResponseWriter, r *http.Request, status int, s events.Sentence) {
	language := problem.LanguageOf(r)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", string(language))
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, map[string]any{"title": http.StatusText(status), "status": status, "detail": s.In(language)}, json.Deterministic(true))
}
