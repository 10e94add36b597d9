package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/simulate"
	"golang.org/x/sync/errgroup"
)

// zone is where business dates are.
func zone() (*time.Location, error) { return time.LoadLocation("Asia/Shanghai") }

// tallyEvery is how often agencies' refusals go on record.
const tallyEvery = time.Minute

// Addresses are where a deployment answers. Up leaves them in the data
// directory while it runs, for other commands on the machine.
type Addresses struct {
	HTTP string `json:"http"`
	NATS string `json:"nats"`
}

// addressFile is the name of that file.
const addressFile = "up.json"

// Up runs all of a deployment in this process until ctx ends, or something
// fails that it cannot run without. It calls ready when everything answers.
//
// In order: the embedded server and the log, the services folded to the log's
// head, the vault and the gateway, the first policy pack or the synthetic
// province into an empty log, the read model up to the head, and then the
// doors for agencies. Until then HTTP answers 503.
func Up(ctx context.Context, c Config, ready func(Addresses)) error {
	if err := errors.Join(c.guard("--http", c.HTTP), c.guard("--nats", c.NATS)); err != nil {
		return err
	}
	if err := c.makeData(); err != nil {
		return err
	}
	// Taken first: a port in use is told before anything is loaded.
	listener, err := net.Listen("tcp", c.HTTP)
	if err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	door := newDoor(c.HTTP)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return door.serve(ctx, listener) })

	ground, err := c.embed(ctx)
	if err != nil {
		return errors.Join(err, stop(g, listener))
	}
	defer ground.close()
	g.Go(func() error { return c.up(ctx, g, ground, door, listener.Addr().String(), ready) })
	return g.Wait()
}

// stop ends the HTTP server of an Up that fails at its start.
func stop(g *errgroup.Group, l net.Listener) error {
	if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	if err := g.Wait(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (c *Config) up(ctx context.Context, g *errgroup.Group, ground *ground, door *door, http string, ready func(Addresses)) error {
	empty, err := isEmpty(ctx, ground.log)
	if err != nil {
		return err
	}
	staff, err := hireStaff(ground.log, events.Families...)
	if err != nil {
		return err
	}
	caughtUp := make(chan struct{})
	g.Go(func() error { return staff.run(ctx, ground.nats, func() { close(caughtUp) }) })
	gate, closeVault, err := c.gateway(staff.desks)
	if err != nil {
		return err
	}
	model, err := readmodel.OpenDir(c.path(modelDir))
	if err != nil {
		return errors.Join(err, closeVault())
	}
	projector := runner.New(ground.log, model, projections.Views(), runner.Options{})
	g.Go(func() error { return projector.Run(ctx) })
	// The vault and the read model outlive whoever uses them.
	g.Go(func() error {
		<-ctx.Done()
		return nil
	})
	select {
	case <-caughtUp:
	case <-ctx.Done():
		return errors.Join(closeVault(), model.Close())
	}
	if err := c.begin(ctx, gate, empty); err != nil {
		return errors.Join(err, closeVault(), model.Close())
	}
	head, _, err := ground.log.Head(ctx, log.Filter{})
	if err == nil {
		err = projector.Wait(ctx, head)
	}
	if err != nil {
		return errors.Join(err, closeVault(), model.Close())
	}
	api, err := c.api(ground.log, model)
	if err != nil {
		return err
	}
	addresses := Addresses{HTTP: "http://" + http, NATS: ground.server.ClientURL()}
	if err := c.announce(addresses); err != nil {
		return err
	}
	defer os.Remove(c.path(addressFile))
	served := make(chan error, 1)
	g.Go(func() error {
		err := gate.ServeNATS(ctx, ground.nats)
		served <- err
		return err
	})
	door.open(gate.Handler(), api.Handler())
	ready(addresses)
	gate.Record(ctx, tallyEvery)
	<-served
	return errors.Join(closeVault(), model.Close())
}

func isEmpty(ctx context.Context, l log.Log) (bool, error) {
	head, _, err := l.Head(ctx, log.Filter{})
	return head.IsZero(), err
}

// gateway opens the vault and the gateway before desk.
func (c *Config) gateway(desk gateway.Submitter) (*gateway.Gateway, func() error, error) {
	divisions, err := c.divisions()
	if err != nil {
		return nil, nil, err
	}
	auth, err := c.readAuth()
	if err != nil {
		return nil, nil, err
	}
	v, err := c.vault()
	if err != nil {
		return nil, nil, err
	}
	gate, err := gateway.New(gateway.Options{Desk: desk, Vault: v, Divisions: divisions, Auth: auth, Log: c.Logger})
	if err != nil {
		return nil, nil, errors.Join(err, v.Close())
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
		receipts, err := gate.Submit(ctx, gateway.Local(), []gateway.Item{{Event: events.Adoption(pack)}}, pack.ValidFrom.Start(shanghai))
		if err == nil && receipts[0].Status != events.Accepted {
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
