package query

import (
	"context"
	"errors"
	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/vacancy"
	"sync"
	"time"
)

// idle is how long Keep waits before it looks again.
const idle = time.Second

// Keep brings the figures in memory up to date every second until the context
// ends, so that a question after a start, after a switch of generations or after
// much news need not read it all first. It returns when nothing is being read
// any more. Without it the next question does the work, and is told of errors,
// which Keep passes over.
func (a *API) Keep(ctx context.Context) {
	for ctx.Err() == nil {
		_ = a.bringUp(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(idle):
		}
	}
}

// bringUp reads what is new of all figures, vacancies beside the rest.
func (a *API) bringUp(ctx context.Context) error {
	model, err := a.Model.Reader(ctx)
	if err != nil {
		return err
	}
	q := &question{ctx: ctx, model: model}
	if q.meta, err = model.Meta(ctx); err != nil {
		return err
	}
	c := a.cubeOf(q)
	var vacancies error
	var both sync.WaitGroup
	both.Go(func() { _, vacancies = c.vacancies.refresh(ctx, model, vacancy.ViewName, &c.cells, c.least) })
	for _, view := range []string{headcount.ViewName, plan.PlannedViewName, plan.DevelopedViewName, vacancy.FilledViewName} {
		_, failed := c.book(view).refresh(ctx, model, view, &c.cells)
		err = errors.Join(err, failed)
	}
	both.Wait()
	return errors.Join(err, vacancies)
}
