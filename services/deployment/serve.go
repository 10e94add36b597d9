package deployment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/postgres"
	"github.com/muster-works/muster/projections/readmodel/sqlite"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/meter"
	"golang.org/x/sync/errgroup"
)

// Services lists the names of the services that [Serve] runs.
func Services() []string {
	var names []string
	for _, f := range events.Families {
		names = append(names, string(f))
	}
	return append(names, "projector", "query")
}

// Serve runs the service called name until ctx ends, against a NATS server that is
// elsewhere. It calls ready once the service answers; address is that of its HTTP API,
// and empty if the service has none. The error is log.ErrMisconfigured if the log may
// lose commits.
func Serve(ctx context.Context, c Config, name string, ready func(address string)) error {
	infra, err := c.connect(ctx, name)
	if err != nil {
		return err
	}
	defer infra.close()
	if err := c.newLogMonitor(infra).examine(ctx); isLogFault(err) {
		return err
	}
	switch name {
	case string(events.Gateway):
		return c.serveGateway(ctx, infra, ready)
	case "projector":
		return c.serveProjector(ctx, infra, ready)
	case "query":
		return c.serveQuery(ctx, infra, ready)
	}
	services, err := newServiceSet(infra.log, events.Family(name))
	if err != nil {
		return err
	}
	services.keepSnapshots(&c, infra)
	return services.run(ctx, infra.answers, func() { ready("") })
}

// serveGateway runs the gateway. The command handler of the gateway's own events runs
// in the same process.
func (c *Config) serveGateway(ctx context.Context, infra *infrastructure, ready func(string)) (err error) {
	if err := c.checkExposure("--http", c.HTTP); err != nil {
		return err
	}
	if err := c.makeData(); err != nil {
		return err
	}
	if err := c.guardTruncation(ctx, infra); err != nil {
		return err
	}
	m := meter.New()
	monitor := c.newLogMonitor(infra)
	monitor.export(m)
	infra.log = m.Log(infra.log)
	services, err := newServiceSet(infra.log, events.Gateway)
	if err != nil {
		return err
	}
	services.keepSnapshots(c, infra)
	divisions, err := c.readEditions(ctx, infra.log)
	if err != nil {
		return err
	}
	gate, closeVault, err := c.openGateway(ctx, command.NewClient(infra.nats), services, infra.log, divisions, m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeVault()) }()
	listener, address, err := c.listen()
	if err != nil {
		return err
	}
	server := newHTTPServer(c.HTTP)
	auth, err := c.readAuth(divisions)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return server.serve(ctx, listener) })
	caughtUp, serving := make(chan struct{}), make(chan struct{})
	g.Go(func() error { return services.run(ctx, infra.answers, func() { close(caughtUp) }) })
	g.Go(func() error { return gate.ServeNATS(ctx, infra.answers, func() { close(serving) }) })
	g.Go(func() error {
		for _, started := range []chan struct{}{caughtUp, serving} {
			select {
			case <-started:
			case <-ctx.Done():
				return nil
			}
		}
		server.setRoutes(routes{ready: monitor.ready, submissions: gate.Handler(), auth: auth, meter: m})
		ready(address)
		return nil
	})
	g.Go(func() error { gate.RecordTallies(ctx, refusalsInterval); return nil })
	g.Go(func() error { gate.TidyVault(ctx, tidyInterval); return nil })
	g.Go(func() error { divisions.Keep(ctx); return nil })
	g.Go(func() error { c.watchAccess(ctx, nil); return nil })
	g.Go(func() error { monitor.keep(ctx, examineInterval); return nil })
	return g.Wait()
}

// serveProjector runs the projector, which keeps the read model up to date.
func (c *Config) serveProjector(ctx context.Context, infra *infrastructure, ready func(string)) (err error) {
	model, err := c.openReadModel(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	if err := c.guardTruncation(ctx, infra); err != nil {
		return err
	}
	setAside, err := c.setAsidePositions()
	if err != nil {
		return err
	}
	ready("")
	options := runner.Options{SetAside: setAside, Standby: c.Standby, StandingBy: func(waits bool) {
		fmt.Fprintln(c.Out, "projector:", map[bool]string{true: "standing by", false: "in charge"}[waits])
	}}
	return explainPoisoned(ignoreCanceled(ctx, runner.New(infra.log, model, projections.Views(), options).Run(ctx)))
}

// serveQuery runs the query API on the read model, which another process keeps up to
// date.
func (c *Config) serveQuery(ctx context.Context, infra *infrastructure, ready func(string)) (err error) {
	if err := c.checkExposure("--http", c.HTTP); err != nil {
		return err
	}
	model, err := c.openReadModel(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	divisions, err := c.readEditions(ctx, infra.log)
	if err != nil {
		return err
	}
	api, err := c.newQueryAPI(infra.log, divisions, model, nil)
	if err != nil {
		return err
	}
	listener, address, err := c.listen()
	if err != nil {
		return err
	}
	server := newHTTPServer(c.HTTP)
	auth, err := c.readAuth(divisions)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { api.Keep(ctx) })
	keeping.Go(func() { c.watchAccess(ctx, nil) })
	defer keeping.Wait() // Keep reads from the read model, which is closed after this
	defer stop()
	m := meter.New()
	m.Views(api.Standing, nil)
	monitor := c.newLogMonitor(infra)
	monitor.export(m)
	keeping.Go(func() { monitor.keep(ctx, examineInterval) })
	server.setRoutes(routes{ready: monitor.ready, questions: api.Handler(), auth: auth, meter: m, services: servicesHandler(infra.nats)})
	ready(address)
	return server.serve(ctx, listener)
}

// openReadModel opens the read model that --store names.
func (c *Config) openReadModel(ctx context.Context) (dir *readmodel.Dir, err error) {
	if err := c.checkStore(); err != nil {
		return nil, err
	}
	scheme, _, isURL := strings.Cut(c.Store, "://")
	switch {
	case scheme == "postgres" && isURL, scheme == "postgresql" && isURL:
		dir, err = postgres.OpenDir(ctx, c.Store)
	case c.Store != "":
		dir, err = sqlite.OpenDir(c.Store)
	default:
		if err := c.makeData(); err != nil {
			return nil, err
		}
		return sqlite.OpenDir(c.dataPath(modelDir))
	}
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return dir, nil
}

// checkStore fails if Store names a store that Muster does not know.
func (c *Config) checkStore() error {
	scheme, _, isURL := strings.Cut(c.Store, "://")
	if !isURL || scheme == "postgres" || scheme == "postgresql" {
		return nil
	}
	// The error does not quote the URL, which may hold a password.
	return fmt.Errorf("--store: %s:// is no store that Muster knows; give a directory or postgres://…", scheme)
}

// businessZone is the time zone of business dates.
func businessZone() (*time.Location, error) { return time.LoadLocation("Asia/Shanghai") }
