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

// Services lists what Serve can run.
func Services() []string {
	var names []string
	for _, f := range events.Families {
		names = append(names, string(f))
	}
	return append(names, "projector", "query")
}

// Serve runs one service alone, against a NATS server that is elsewhere, until
// ctx ends. It calls ready when the service answers, with the address of its
// HTTP API where it has one.
func Serve(ctx context.Context, c Config, name string, ready func(address string)) error {
	ground, err := c.connect(ctx, name)
	if err != nil {
		return err
	}
	defer ground.close()
	if err := c.vigil(ground).examine(ctx); isFinding(err) {
		return err
	}
	switch name {
	case string(events.Gateway):
		return c.serveGateway(ctx, ground, ready)
	case "projector":
		return c.serveProjector(ctx, ground, ready)
	case "query":
		return c.serveQuery(ctx, ground, ready)
	}
	staff, err := hireStaff(ground.log, events.Family(name))
	if err != nil {
		return err
	}
	staff.shelve(&c, ground)
	return staff.run(ctx, ground.nats, func() { ready("") })
}

// serveGateway runs the door. The gateway's own events are decided here too.
func (c *Config) serveGateway(ctx context.Context, ground *ground, ready func(string)) (err error) {
	if err := c.guard("--http", c.HTTP); err != nil {
		return err
	}
	if err := c.makeData(); err != nil {
		return err
	}
	if err := c.attest(ctx, ground); err != nil {
		return err
	}
	m := meter.New()
	watch := c.vigil(ground)
	watch.watch(m)
	ground.log = m.Log(ground.log)
	staff, err := hireStaff(ground.log, events.Gateway)
	if err != nil {
		return err
	}
	staff.shelve(c, ground)
	gate, closeVault, err := c.gateway(ctx, command.NewClient(ground.nats), staff, ground.log, m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeVault()) }()
	listener, address, err := c.listen()
	if err != nil {
		return err
	}
	door := newDoor(c.HTTP)
	auth, err := c.readAuth()
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return door.serve(ctx, listener) })
	g.Go(func() error {
		return staff.run(ctx, ground.nats, func() {
			door.open(rooms{ready: watch.ready, gate: gate.Handler(), auth: auth, meter: m})
			ready(address)
		})
	})
	g.Go(func() error { return gate.ServeNATS(ctx, ground.nats) })
	g.Go(func() error { gate.Record(ctx, tallyEvery); return nil })
	g.Go(func() error { c.watchAccess(ctx, nil); return nil })
	g.Go(func() error { watch.keep(ctx, examineEvery); return nil })
	return g.Wait()
}

func (c *Config) serveProjector(ctx context.Context, ground *ground, ready func(string)) (err error) {
	model, err := c.model(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	if err := c.attest(ctx, ground); err != nil {
		return err
	}
	setAside, err := c.setAside()
	if err != nil {
		return err
	}
	ready("")
	options := runner.Options{SetAside: setAside, Standby: c.Standby, StandingBy: func(waits bool) {
		fmt.Fprintln(c.Out, "projector:", map[bool]string{true: "standing by", false: "in charge"}[waits])
	}}
	return poisoned(ended(ctx, runner.New(ground.log, model, projections.Views(), options).Run(ctx)))
}

func (c *Config) serveQuery(ctx context.Context, ground *ground, ready func(string)) (err error) {
	if err := c.guard("--http", c.HTTP); err != nil {
		return err
	}
	model, err := c.model(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.Close()) }()
	api, err := c.api(ground.log, model)
	if err != nil {
		return err
	}
	listener, address, err := c.listen()
	if err != nil {
		return err
	}
	door := newDoor(c.HTTP)
	auth, err := c.readAuth()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { api.Keep(ctx) })
	keeping.Go(func() { c.watchAccess(ctx, nil) })
	defer keeping.Wait() // before the read model is closed
	defer stop()
	m := meter.New()
	m.Views(api.Standing)
	watch := c.vigil(ground)
	watch.watch(m)
	keeping.Go(func() { watch.keep(ctx, examineEvery) })
	door.open(rooms{ready: watch.ready, api: api.Handler(), auth: auth, meter: m, roster: roster(ground.nats)})
	ready(address)
	return door.serve(ctx, listener)
}

// model opens the read model.
func (c *Config) model(ctx context.Context) (dir *readmodel.Dir, err error) {
	scheme, _, isURL := strings.Cut(c.Store, "://")
	switch {
	case scheme == "postgres" && isURL, scheme == "postgresql" && isURL:
		dir, err = postgres.OpenDir(ctx, c.Store)
	case isURL:
		// The URL itself may hold a password.
		err = fmt.Errorf("%s:// is no store that Muster knows; give a directory or postgres://…", scheme)
	case c.Store != "":
		dir, err = sqlite.OpenDir(c.Store)
	default:
		if err := c.makeData(); err != nil {
			return nil, err
		}
		return sqlite.OpenDir(c.path(modelDir))
	}
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return dir, nil
}

// zone is where business dates are.
func zone() (*time.Location, error) { return time.LoadLocation("Asia/Shanghai") }
