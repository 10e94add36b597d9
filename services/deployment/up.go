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
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/internal/meter"
	"github.com/muster-works/muster/services/simulate"
	"golang.org/x/sync/errgroup"
)

// refusalsInterval is how often the number of refusals of each agency is recorded in
// the log.
const refusalsInterval = time.Minute

// tidyInterval is how often a gateway looks for people in the vault whose submissions nobody settled.
const tidyInterval = time.Minute

// Addresses are the URLs at which a deployment answers. While Up runs, they also stand
// in the file up.json in the data directory, for other commands on the machine.
type Addresses struct {
	HTTP string `json:"http"`
	NATS string `json:"nats"`
	Cert string `json:"cert,omitzero"` // file of the certificate; empty if the addresses are without TLS
}

// addressFile is the name of the file of the Addresses in the data directory.
const addressFile = "up.json"

// Up runs all of a deployment in this process until ctx ends or something fails that
// the deployment cannot run without. It calls ready once everything answers. The
// package comment shows the order in which things start and stop.
//
// Whatever happens to the views, submissions are taken, see readSide.
func Up(ctx context.Context, c Config, ready func(Addresses)) (err error) {
	if err := errors.Join(c.checkExposure("--http", c.HTTP), c.checkExposure("--nats", c.NATS)); err != nil {
		return err
	}
	if err := c.makeData(); err != nil {
		return err
	}
	// Listen first, so that a port in use is reported before anything is loaded.
	listener, address, err := c.listen()
	if err != nil {
		return err
	}
	front, frontCtx := errgroup.WithContext(ctx)
	server := newHTTPServer(c.HTTP)
	front.Go(func() error { return server.serve(frontCtx, listener) })

	backCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	back, backCtx := errgroup.WithContext(backCtx)
	front.Go(func() error {
		return c.up(frontCtx, backCtx, front, back, server, address, ready)
	})
	front.Go(func() error {
		select {
		case <-backCtx.Done(): // something in the back group failed
			return errBackend
		case <-frontCtx.Done():
			return nil
		}
	})
	err = front.Wait()
	stop()
	if failed := back.Wait(); failed != nil || errors.Is(err, errBackend) {
		err = failed
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// errBackend ends the front group when something in the back group has failed.
var errBackend = errors.New("a service has failed")

// up starts a deployment and runs the last part of it, the record of refusals, until
// ctx ends. What answers to the outside runs in front and ends with ctx. What the front
// group relies on runs in back and ends with backCtx, later. http is the URL at which
// server answers.
func (c *Config) up(ctx, backCtx context.Context, front, back *errgroup.Group, server *httpServer, http string, ready func(Addresses)) error {
	infra, err := c.startEmbedded(ctx)
	if err != nil {
		return err
	}
	waiter := c.newWaiter()
	monitor := c.newLogMonitor(infra)
	if err := waiter.until(ctx, func() (bool, error) {
		if err := monitor.examine(ctx); err != nil {
			return false, err
		}
		return false, c.guardTruncation(ctx, infra)
	}); err != nil {
		infra.close()
		return err
	}
	infra.waiting = &waitingLog{Log: infra.log, waiter: waiter}
	infra.log = infra.waiting
	var closers []func() error
	closed := make(chan struct{}) // closers is complete
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
		infra.close()
		return errors.Join(errs...)
	})
	defer close(closed)

	m := meter.New()
	infra.log = m.Log(infra.log)
	empty, err := isEmpty(ctx, infra.log)
	if err != nil {
		return err
	}
	services, err := newServiceSet(infra.log, events.Families...)
	if err != nil {
		return err
	}
	services.keepSnapshots(c, infra)
	caughtUp := make(chan struct{})
	keep(func() error {
		return ignoreCanceled(backCtx, services.run(backCtx, infra.answers, func() { close(caughtUp) }))
	})
	divisions, err := c.readEditions(ctx, infra.log)
	if err != nil {
		return err
	}
	gate, closeVault, err := c.openGateway(backCtx, services.handlers, services, infra.log, divisions, m)
	if err != nil {
		return err
	}
	closers = append(closers, closeVault)
	if err := c.checkStore(); err != nil {
		return err
	}
	views := &readSide{c: c, log: infra.log, divisions: divisions}
	if views.setAside, err = c.setAsidePositions(); err != nil {
		return err
	}
	keep(func() error { return views.run(backCtx) })
	select {
	case <-caughtUp:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.initializeLog(ctx, gate, divisions, empty); err != nil {
		return err
	}
	head, _, err := infra.log.Head(ctx, log.Filter{})
	if err != nil {
		return err
	}
	views.await(ctx, head)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	addresses := Addresses{HTTP: http, NATS: infra.server.ClientURL()}
	if c.TLSCert != "" {
		if addresses.Cert, err = filepath.Abs(c.TLSCert); err != nil {
			return err
		}
	}
	if err := c.writeAddresses(addresses); err != nil {
		return err
	}
	defer os.Remove(c.dataPath(addressFile))
	auth, err := c.readAuth(divisions)
	if err != nil {
		return err
	}
	m.Views(views.progress, func() bool { _, fault := views.standing(); return fault != nil })
	monitor.export(m)
	infra.waiting.started.Store(true)
	front.Go(func() error { monitor.keep(ctx, examineInterval); return nil })
	server.setRoutes(routes{
		ready:       monitor.ready,
		submissions: gate.Handler(), questions: views, queryReady: views.ready, auth: auth, meter: m, services: servicesHandler(infra.nats),
		rebuild: &rebuilder{ctx: ctx, log: infra.log, dir: views.dir, c: c},
	})
	serving := make(chan struct{})
	front.Go(func() error { return gate.ServeNATS(ctx, infra.answers, func() { close(serving) }) })
	front.Go(func() error { c.watchAccess(ctx, infra.server); return nil })
	front.Go(func() error { gate.TidyVault(ctx, tidyInterval); return nil })
	front.Go(func() error { divisions.Keep(ctx); return nil })
	select {
	case <-serving:
	case <-ctx.Done():
		return ctx.Err()
	}
	ready(addresses)
	gate.RecordTallies(ctx, refusalsInterval)
	return nil
}

// ignoreCanceled returns nil if err says that ctx was cancelled, and err otherwise.
func ignoreCanceled(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// isEmpty reports whether a log holds no commit.
func isEmpty(ctx context.Context, l log.Log) (bool, error) {
	head, _, err := l.Head(ctx, log.Filter{})
	return head.IsZero(), err
}

// openGateway opens the vault, applies the erasures in the log to it, and returns the
// gateway and the function that closes the vault. The gateway submits to submitter, and
// reads the placements of services to decide whom an agency may learn about.
func (c *Config) openGateway(ctx context.Context, submitter gateway.Submitter, services *serviceSet, l log.Log, divisions *editions.Register, m *meter.Meter) (*gateway.Gateway, func() error, error) {
	auth, err := c.readAuth(divisions)
	if err != nil {
		return nil, nil, err
	}
	v, err := c.openVault(ctx)
	if err != nil {
		return nil, nil, err
	}
	gate, err := gateway.New(gateway.Options{
		Services: submitter, Vault: v, Divisions: divisions, Auth: auth, Log: c.Logger,
		History: l, CatchUp: services.placements.CatchUp, Count: m.Count,
		SharedNATS: !isLoopback(c.NATS), CountReply: m.CountReply,
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

// newQueryAPI returns the query API on a read model. Answers say what stopped says.
func (c *Config) newQueryAPI(l log.Log, divisions *editions.Register, model *readmodel.Dir, stopped func() string) (*query.API, error) {
	shanghai, err := businessZone()
	if err != nil {
		return nil, err
	}
	return query.New(query.Options{Model: model, Log: l, Editions: divisions, Zone: shanghai, Now: time.Now, Stopped: stopped}), nil
}

// adoptPacks imports the adoption of policy packs, since history can be imported only before
// the first live event. All are recorded at the beginning of the first pack, so that packs of
// earlier years can be imported after them.
func adoptPacks(ctx context.Context, gate *gateway.Gateway, packs []*policy.Pack) error {
	shanghai, err := businessZone()
	if err != nil {
		return err
	}
	var items []intake.Item
	for _, pack := range packs {
		items = append(items, intake.Item{Event: events.Adoption(pack)})
	}
	receipts, err := submitUntilTaken(ctx, func() ([]events.Receipt, error) {
		return gate.Submit(ctx, admission.Local(), items, packs[0].ValidFrom.Start(shanghai))
	})
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.Status != events.Accepted && r.Status != events.Duplicate {
			return r.Reasons
		}
	}
	return nil
}

// initializeLog puts into an empty log what each log begins with: a policy pack, or the
// synthetic province, whose first event is a policy pack. A log that is not empty stays
// as it is, except for a table of divisions that the deployment is given.
func (c *Config) initializeLog(ctx context.Context, gate *gateway.Gateway, divisions *editions.Register, empty bool) error {
	packs, err := c.firstPacks()
	if err != nil {
		return err
	}
	shanghai, err := businessZone()
	if err != nil {
		return err
	}
	if err := c.adoptDivisions(ctx, gate, divisions, packs[0].ValidFrom.Start(shanghai)); err != nil {
		return err
	}
	if !empty {
		if c.Simulate > 0 {
			fmt.Fprintln(c.Out, "--simulate: skipped, the log holds events already")
		}
		return nil
	}
	if c.Simulate == 0 {
		if err := adoptPacks(ctx, gate, packs); err != nil {
			return fmt.Errorf("adopt the first policy packs: %w", err)
		}
		return nil
	}
	pack := packs[0] // the synthetic province ends before another one comes into force
	l := &provinceImport{gateway: gate, out: c.Out}
	return l.run(ctx, simulate.Config{Scale: c.Simulate, Seed: c.Seed, Divisions: divisions.Table(), Policy: pack})
}

// writeAddresses writes the addresses to addressFile.
func (c *Config) writeAddresses(a Addresses) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return os.WriteFile(c.dataPath(addressFile), b, 0o600)
}
