package deployment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/internal/meter"
	"github.com/muster-works/muster/services/simulate"
	"golang.org/x/sync/errgroup"
)

// tallyEvery is how often agencies' refusals go on record.
const tallyEvery = time.Minute

// Addresses are where a deployment answers. Up leaves them in the data
// directory while it runs, for other commands on the machine.
type Addresses struct {
	HTTP string `json:"http"`
	NATS string `json:"nats"`
	Cert string `json:"cert,omitzero"` // file of the certificate, where they speak TLS
}

// addressFile is the name of that file.
const addressFile = "up.json"

// Up runs all of a deployment in this process until ctx ends, or something
// fails that it cannot run without. It calls ready when everything answers.
//
// In order: the embedded server and the log, the services folded to the log's
// head, the vault and the gateway, the first policy pack or the synthetic
// province into an empty log, the read model up to the head, and then the
// doors for agencies. Until then HTTP answers 503. It stops in the opposite
// order: requests under way are answered before the services end.
func Up(ctx context.Context, c Config, ready func(Addresses)) (err error) {
	if err := errors.Join(c.guard("--http", c.HTTP), c.guard("--nats", c.NATS)); err != nil {
		return err
	}
	if err := c.makeData(); err != nil {
		return err
	}
	// Taken first: a port in use is told before anything is loaded.
	listener, address, err := c.listen()
	if err != nil {
		return err
	}
	front, frontCtx := errgroup.WithContext(ctx)
	door := newDoor(c.HTTP)
	front.Go(func() error { return door.serve(frontCtx, listener) })

	backCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	back, backCtx := errgroup.WithContext(backCtx)
	front.Go(func() error {
		return c.up(frontCtx, backCtx, front, back, door, address, ready)
	})
	front.Go(func() error {
		select {
		case <-backCtx.Done(): // something failed
			return errBack
		case <-frontCtx.Done():
			return nil
		}
	})
	err = front.Wait()
	stop()
	if failed := back.Wait(); failed != nil || errors.Is(err, errBack) {
		err = failed
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// errBack ends the doors when what is behind them has failed.
var errBack = errors.New("a service has failed")

// up builds a deployment: what answers from outside runs in front and ends
// with ctx, what it relies on runs in back and ends later.
func (c *Config) up(ctx, backCtx context.Context, front, back *errgroup.Group, door *door, http string, ready func(Addresses)) error {
	ground, err := c.embed(ctx)
	if err != nil {
		return err
	}
	waiter := c.waiter()
	watch := c.vigil(ground)
	if err := waiter.until(ctx, func() (bool, error) {
		if err := watch.examine(ctx); err != nil {
			return false, err
		}
		return false, c.attest(ctx, ground)
	}); err != nil {
		ground.close()
		return err
	}
	ground.waits = &patient{Log: ground.log, waiter: waiter}
	ground.log = ground.waits
	var closers []func() error
	closed := make(chan struct{}) // what runs in back has ended
	var running sync.WaitGroup
	keep := func(run func() error) {
		running.Add(1)
		back.Go(func() error { defer running.Done(); return run() })
	}
	back.Go(func() error {
		<-backCtx.Done()
		<-closed
		running.Wait()
		var errs []error
		for _, f := range closers {
			errs = append(errs, f())
		}
		ground.close()
		return errors.Join(errs...)
	})
	defer close(closed) // closers grow no more

	m := meter.New()
	ground.log = m.Log(ground.log)
	empty, err := isEmpty(ctx, ground.log)
	if err != nil {
		return err
	}
	staff, err := hireStaff(ground.log, events.Families...)
	if err != nil {
		return err
	}
	staff.shelve(c, ground)
	caughtUp := make(chan struct{})
	keep(func() error {
		return ended(backCtx, staff.run(backCtx, ground.nats, func() { close(caughtUp) }))
	})
	gate, closeVault, err := c.gateway(backCtx, staff.desks, staff, ground.log, m)
	if err != nil {
		return err
	}
	closers = append(closers, closeVault)
	model, err := c.model(ctx)
	if err != nil {
		return err
	}
	closers = append(closers, model.Close)
	setAside, err := c.setAside()
	if err != nil {
		return err
	}
	projector := runner.New(ground.log, model, projections.Views(), runner.Options{SetAside: setAside})
	projecting, stopped := context.WithCancelCause(ctx)
	keep(func() error {
		err := projector.Run(backCtx)
		if !errors.Is(err, runner.ErrPoisoned) {
			return ended(backCtx, err)
		}
		// The views stay as they are; submissions are taken all the same.
		stopped(err)
		fmt.Fprintln(c.Out, poisoned(err))
		c.Logger.Error("the views stand still", "error", err)
		return nil
	})
	select {
	case <-caughtUp:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.begin(ctx, gate, empty); err != nil {
		return err
	}
	head, _, err := ground.log.Head(ctx, log.Filter{})
	if err != nil {
		return err
	}
	if err := projector.Wait(projecting, head); err != nil && !errors.Is(context.Cause(projecting), runner.ErrPoisoned) {
		return err
	}
	api, err := c.api(ground.log, model)
	if err != nil {
		return err
	}
	addresses := Addresses{HTTP: http, NATS: ground.server.ClientURL()}
	if c.TLSCert != "" {
		if addresses.Cert, err = filepath.Abs(c.TLSCert); err != nil {
			return err
		}
	}
	if err := c.announce(addresses); err != nil {
		return err
	}
	defer os.Remove(c.path(addressFile))
	auth, err := c.readAuth()
	if err != nil {
		return err
	}
	m.Views(api.Standing)
	watch.watch(m)
	ground.waits.started.Store(true)
	front.Go(func() error { watch.keep(ctx, examineEvery); return nil })
	door.open(rooms{
		ready: watch.ready,
		gate:  gate.Handler(), api: api.Handler(), auth: auth, meter: m, roster: roster(ground.nats),
		rebuild: &rebuilder{ctx: ctx, log: ground.log, dir: model, c: c},
	})
	front.Go(func() error { return gate.ServeNATS(ctx, ground.nats) })
	front.Go(func() error { api.Keep(ctx); return nil })
	front.Go(func() error { c.watchAccess(ctx, ground.server); return nil })
	ready(addresses)
	gate.Record(ctx, tallyEvery)
	return nil
}

// ended is err, but nil for the end that ctx asked for.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func isEmpty(ctx context.Context, l log.Log) (bool, error) {
	head, _, err := l.Head(ctx, log.Filter{})
	return head.IsZero(), err
}

// gateway opens the vault, brings it up to the erasures in the log, and opens
// the gateway before desk. staff has the placements that it decides by.
func (c *Config) gateway(ctx context.Context, desk gateway.Submitter, staff *staff, l log.Log, m *meter.Meter) (*gateway.Gateway, func() error, error) {
	divisions, err := c.divisions()
	if err != nil {
		return nil, nil, err
	}
	auth, err := c.readAuth()
	if err != nil {
		return nil, nil, err
	}
	v, err := c.vault(ctx)
	if err != nil {
		return nil, nil, err
	}
	gate, err := gateway.New(gateway.Options{
		Desk: desk, Vault: v, Divisions: divisions, Auth: auth, Log: c.Logger,
		History: l, Fresh: staff.placements.CatchUp, Count: m.Count,
	})
	if err != nil {
		return nil, nil, errors.Join(err, v.Close())
	}
	erased, err := gate.Forget(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, v.Close())
	}
	if erased > 0 && c.Logger != nil {
		c.Logger.Warn("the vault held persons who are erased by the log; it does no more", "persons", erased)
	}
	return gate, v.Close, nil
}

// api makes the query API.
func (c *Config) api(l log.Log, model *readmodel.Dir) (*query.API, error) {
	divisions, err := c.divisions()
	if err != nil {
		return nil, err
	}
	shanghai, err := zone()
	if err != nil {
		return nil, err
	}
	return query.New(query.Options{Model: model, Log: l, Divisions: divisions, Zone: shanghai, Now: time.Now}), nil
}

// begin puts into an empty log what it must begin with: the synthetic
// province, whose first event is the pack, or the pack alone.
func (c *Config) begin(ctx context.Context, gate *gateway.Gateway, empty bool) error {
	if !empty {
		if c.Simulate > 0 {
			fmt.Fprintln(c.Out, "--simulate: skipped, the log holds events already")
		}
		return nil
	}
	pack, err := c.pack()
	if err != nil {
		return err
	}
	if c.Simulate == 0 {
		shanghai, err := zone()
		if err != nil {
			return err
		}
		// As an import, so that history can still be brought in.
		receipts, err := insist(ctx, func() ([]events.Receipt, error) {
			return gate.Submit(ctx, gateway.Local(), []gateway.Item{{Event: events.Adoption(pack)}}, pack.ValidFrom.Start(shanghai))
		})
		if err == nil && receipts[0].Status != events.Accepted && receipts[0].Status != events.Duplicate {
			err = receipts[0].Reasons
		}
		if err != nil {
			return fmt.Errorf("adopt the first policy pack: %w", err)
		}
		return nil
	}
	divisions, err := c.divisions()
	if err != nil {
		return err
	}
	l := &loader{gateway: gate, out: c.Out}
	return l.load(ctx, simulate.Config{Scale: c.Simulate, Seed: c.Seed, Divisions: divisions, Policy: pack})
}

// announce leaves the addresses in the data directory.
func (c *Config) announce(a Addresses) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return os.WriteFile(c.path(addressFile), b, 0o600)
}
