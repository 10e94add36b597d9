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
	"github.com/muster-works/muster/services/internal/horizon"
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

// catchUpInterval is how often a fold that no handler of this process writes through
// reads new commits. Such a fold is current enough to answer at once when it is
// consulted.
const catchUpInterval = time.Second

// snapshotInterval is how often the folds are examined for whether a new snapshot is
// worth its cost.
const snapshotInterval = time.Minute

// A serviceSet is the services of one process: a command handler each, and the folds
// that the handlers share. There is one fold for each consistency boundary.
type serviceSet struct {
	log             log.Log
	handlers        command.Local
	folds           []*command.Fold        // all folds, one for each boundary
	consulted       []*command.Fold        // the folds that handlers of another boundary read
	snapshots       *command.SnapshotStore // where snapshots of the folds are kept; nil takes none
	onSnapshotError func(error)            // is called when a snapshot cannot be read or written; the log is read instead

	placements *command.Fold // the fold of the placement boundary, one of folds
}

// keepSnapshots has the folds start from snapshots under Data, and write new ones
// there. It does nothing without a data directory, or when the log's driver cannot
// verify that the log holds the commit of a snapshot.
func (s *serviceSet) keepSnapshots(c *Config, g *infrastructure) {
	driver, can := g.driver.(command.Verifier)
	if c.Data == "" || !can {
		return
	}
	s.snapshots = command.NewSnapshotStore(c.dataPath(foldDir), waitingVerifier{driver, g.waiting})
	if c.FoldsAfter > 0 {
		s.snapshots.WriteAfter(c.FoldsAfter)
	}
	s.onSnapshotError = func(err error) {
		if c.Logger != nil {
			c.Logger.Warn("a start reads more of the log than it need", "error", err)
		}
	}
}

// newServiceSet makes the command handlers of families, and the folds that they need,
// over l. It fails for an unknown family.
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
	planning := func(d command.Decider) command.Decider { return horizon.NewDecider(d, placed, packs) }
	reporting := func(d command.Decider) command.Decider { return horizon.NewDecider(d, nil, nil) }
	for _, f := range families {
		var d *command.Handler
		switch f {
		case events.Policy:
			d = command.NewHandler(f, policy.New(packs), rulesFold)
		case events.Post:
			d = command.NewHandler(f, planning(post.New(placed)), placedFold, rulesFold)
		case events.Hire:
			d = command.NewHandler(f, planning(hire.New(placed, packs)), placedFold, rulesFold)
		case events.Exit:
			d = command.NewHandler(f, planning(exit.New(placed, packs)), placedFold, rulesFold)
		case events.Training:
			d = command.NewHandler(f, reporting(training.New()), own(f, &command.Stateless{}))
		case events.Attendance:
			d = command.NewHandler(f, reporting(attendance.New(placed)), own(f, &command.Stateless{}), placedFold)
		case events.Payment:
			state := payment.NewState()
			d = command.NewHandler(f, reporting(payment.New(state, placed, packs)), own(f, state), placedFold, rulesFold)
		case events.Registry:
			d = command.NewHandler(f, reporting(registry.New()), own(f, &command.Stateless{}))
		case events.Review:
			d = command.NewHandler(f, review.New(), own(f, &command.Stateless{}))
		case events.Gateway:
			d = command.NewHandler(f, gateway.NewDecider(placed, shanghai), own(f, &command.Stateless{}), placedFold)
		default:
			return nil, fmt.Errorf("no service %q", f)
		}
		s.handlers[f] = d
	}
	return s, nil
}

// run runs the command handlers until ctx ends or one of them fails. It calls ready
// when all folds have caught up with the log. A fold starts from its snapshot if there
// is one, and from the beginning of the log otherwise. If nc is not nil, each handler
// that has caught up is registered with NATS micro.
//
// A set of all services reads the log once for all its folds. A smaller set reads the
// boundaries of its folds, one by one.
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
