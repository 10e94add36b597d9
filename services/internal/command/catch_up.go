package command

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"golang.org/x/sync/errgroup"
)

// readAhead is how many commits of a boundary the reader may be ahead of the fold of
// that boundary.
const readAhead = 4

// CatchUpAll brings folds of one log, each of another boundary, to the end that the
// log has now. Reading the log is most of what a start costs, so CatchUpAll reads it
// once for all folds, from the position of the fold that is farthest behind. The
// folds of different boundaries work concurrently; each is locked until CatchUpAll
// returns. CatchUpAll fails as [Fold.CatchUp] does.
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
				if err := f.apply(c); err != nil {
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
