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
const keepWarm = time.Second

// writeDown is how often the folds are looked at, whether it is worth writing
// them down.
const writeDown = time.Minute

// A staff is the services of one process: their desks, and the folds that they
// share.
type staff struct {
	log   log.Log
	desks command.Local
	folds []*command.Fold        // one a boundary
	warm  []*command.Fold        // of these, those consulted
	shelf *command.SnapshotStore // where the folds are written down; nil is nowhere
	doubt func(error)            // is told what is wrong with the shelf

	placements *command.Fold
}

// shelve has the folds written down under Data, and read from there at the start.
func (s *staff) shelve(c *Config, g *ground) {
	driver, can := g.driver.(command.Verifier)
	if c.Data == "" || !can {
		return
	}
	s.shelf = command.NewSnapshotStore(c.path(foldDir), patientVerifier{driver, g.waits})
	if c.FoldsAfter > 0 {
		s.shelf.WriteAfter(c.FoldsAfter)
	}
	s.doubt = func(err error) {
		if c.Logger != nil {
			c.Logger.Warn("a start reads more of the log than it need", "error", err)
		}
	}
}

// hireStaff makes the desks of families over l.
func hireStaff(l log.Log, families ...events.Family) (*staff, error) {
	shanghai, err := zone()
	if err != nil {
		return nil, err
	}
	packs, placed := rules.New(), placement.New()
	rulesFold := command.NewFold(l, events.Policy.Boundary(), packs)
	placedFold := command.NewFold(l, events.Post.Boundary(), placed)
	s := &staff{log: l, desks: command.Local{}, placements: placedFold}
	s.warm = []*command.Fold{rulesFold, placedFold}
	s.folds = s.warm
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
		s.desks[f] = d
	}
	return s, nil
}

// run runs the desks until the context ends, registers each with NATS micro
// where there is a connection, and calls ready when all have caught up, from
// where they were written down or else from the beginning. A staff of all
// services reads the log once for all its folds; one service reads its own
// boundaries alone.
func (s *staff) run(ctx context.Context, nc *nats.Conn, ready func()) error {
	if s.shelf != nil {
		if err := s.shelf.Restore(ctx, s.folds...); err != nil {
			s.doubt(err)
		}
	}
	if len(s.desks) == len(events.Families) {
		if err := command.CatchUpAll(ctx, s.log, s.folds...); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	waiting := make(chan struct{}, len(s.desks))
	for _, f := range events.Families {
		d, ok := s.desks[f]
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
	for _, f := range s.warm {
		g.Go(func() error { return f.Keep(ctx, keepWarm) })
	}
	g.Go(func() error {
		for range s.desks {
			select {
			case <-waiting:
			case <-ctx.Done():
				return nil
			}
		}
		ready()
		if s.shelf != nil {
			s.shelf.Keep(ctx, writeDown, s.doubt, s.folds...)
		}
		return nil
	})
	return g.Wait()
}
