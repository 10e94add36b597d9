package command

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"golang.org/x/sync/errgroup"
)

// ahead is how many commits of a boundary the reader may be ahead of its fold.
const readAhead = 4

// Warm brings folds of one log to its end. It reads the log once for all of them,
// from where the first of them is, which is what a start of many services costs
// most, and folds boundaries beside each other. The folds are locked meanwhile.
// It fails as [Fold.CatchUp] does.
func CatchUpAll(ctx context.Context, l log.Log, folds ...*Fold) error {
	g, ctx := errgroup.WithContext(ctx)
	waiting := map[string]chan log.Commit{}
	var from log.Position
	for i, f := range folds {
		commits := make(chan log.Commit, readAhead)
		waiting[f.boundary] = commits
		f.mu.Lock()
		if i == 0 || f.last.at.Compare(from) < 0 {
			from = f.last.at
		}
		g.Go(func() error {
			defer f.mu.Unlock()
			for c := range commits {
				if c.Position.Compare(f.last.at) <= 0 {
					continue
				}
				if err := f.take(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer func() {
			for _, commits := range waiting {
				close(commits)
			}
		}()
		for c, err := range l.Read(ctx, from, log.Filter{}) {
			if err != nil {
				return fmt.Errorf("fold the log: %w", err)
			}
			if commits, ok := waiting[c.Boundary]; ok {
				select {
				case commits <- c:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	return g.Wait()
}
