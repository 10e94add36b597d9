package deployment

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/attendance"
	"github.com/muster-works/muster/services/exit"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/hire"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
	"github.com/muster-works/muster/services/payment"
	"github.com/muster-works/muster/services/policy"
	"github.com/muster-works/muster/services/post"
	"github.com/muster-works/muster/services/registry"
	"github.com/muster-works/muster/services/review"
	"github.com/muster-works/muster/services/training"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
)

// keepWarm is how often the folds that nobody writes through look for news.
const catchUpInterval = time.Second

// writeDown is how often the folds are looked at, whether it is worth writing
// them down.
const snapshotInterval = time.Minute

// A staff is the services of one process: their desks, and the folds that they
// share.
type serviceSet struct {
	log             log.Log
	handlers        command.Local
	folds           []*command.Fold        // one a boundary
	consulted       []*command.Fold        // of these, those consulted
	snapshots       *command.SnapshotStore // where the folds are written down; nil is nowhere
	onSnapshotError func(error)            // is told what is wrong with the shelf

	placements *command.Fold
}

// shelve has the folds written down under Data, and read from there at the start.
func (s *serviceSet) keepSnapshots(c *Config, g *infrastructure) {
	driver, can := g.driver.(command.Verifier)
	if c.Data == "" || !can {
		return
	}
	s.snapshots = command.NewSnapshotStore(c.dataPath(foldDir), driver)
	if c.FoldsAfter > 0 {
		s.snapshots.WriteAfter(c.FoldsAfter)
	}
	s.onSnapshotError = func(err error) {
		if c.Logger != nil {
			c.Logger.Warn("a start reads more of the log than it need", "error", err)
		}
	}
}

// hireStaff makes the desks of families over l.
func newServiceSet(l log.Log, families ...events.Family) (*serviceSet, error) {
	shanghai, err := businessZone()
	if err != nil {
		return nil, err
	}
	packs, placed := rules.New(), placement.New()
	rulesFold := command.NewFold(l, events.Policy.Boundary(), packs)
	placedFold := command.NewFold(l, events.Post.Boundary(), placed)
	s := &serviceSet{log: l, handlers: command.Local{}, placements: placedFold}
	s.consulted = []*command.Fold{rulesFold, placedFold}
	s.folds = s.consulted
	own := func(f events.Family, state command.State) *command.Fold {
		fold := command.NewFold(l, f.Boundary(), state)
		s.folds = append(s.folds, fold)
		return fold
	}
	for _, f := range families {
		var d *command.Handler
		switch f {
		case events.Policy:
			d = command.NewHandler(f, policy.New(packs), rulesFold)
		case events.Post:
			d = command.NewHandler(f, post.New(placed), placedFold)
		case events.Hire:
			d = command.NewHandler(f, hire.New(placed, packs), placedFold, rulesFold)
		case events.Exit:
			d = command.NewHandler(f, exit.New(placed, packs), placedFold, rulesFold)
		case events.Training:
			d = command.NewHandler(f, training.New(), own(f, &command.Stateless{}))
		case events.Attendance:
			d = command.NewHandler(f, attendance.New(placed), own(f, &command.Stateless{}), placedFold)
		case events.Payment:
			state := payment.NewState()
			d = command.NewHandler(f, payment.New(state, placed), own(f, state), placedFold)
		case events.Registry:
			d = command.NewHandler(f, registry.New(), own(f, &command.Stateless{}))
		case events.Review:
			d = command.NewHandler(f, review.New(), own(f, &command.Stateless{}))
		case events.Gateway:
			d = command.NewHandler(f, gateway.NewScribe(placed, shanghai), own(f, &command.Stateless{}), placedFold)
		default:
			return nil, fmt.Errorf("no service %q", f)
		}
		s.handlers[f] = d
	}
	return s, nil
}

// run runs the desks until the context ends, registers each with NATS micro
// where there is a connection, and calls ready when all have caught up, from
// where they were written down or else from the beginning. A staff of all
// services reads the log once for all its folds; one service reads its own
// boundaries alone.
func (s *serviceSet) run(ctx context.Context, nc *nats.Conn, ready func()) error {
	if s.snapshots != nil {
		if err := s.snapshots.Restore(ctx, s.folds...); err != nil {
			s.onSnapshotError(err)
		}
	}
	if len(s.handlers) == len(events.Families) {
		if err := command.CatchUpAll(ctx, s.log, s.folds...); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	waiting := make(chan struct{}, len(s.handlers))
	for _, f := range events.Families {
		d, ok := s.handlers[f]
		if !ok {
			continue
		}
		g.Go(func() error {
			return d.Run(ctx, func() {
				if nc != nil {
					g.Go(func() error { return command.Serve(ctx, nc, d) })
				}
				waiting <- struct{}{}
			})
		})
	}
	for _, f := range s.consulted {
		g.Go(func() error { return f.Keep(ctx, catchUpInterval) })
	}
	g.Go(func() error {
		for range s.handlers {
			select {
			case <-waiting:
			case <-ctx.Done():
				return nil
			}
		}
		ready()
		if s.snapshots != nil {
			s.snapshots.Keep(ctx, snapshotInterval, s.onSnapshotError, s.folds...)
		}
		return nil
	})
	return g.Wait()
}
