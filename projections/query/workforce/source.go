// Package workforce answers questions about posts and the people on them: headcount,
// its series, the plan, the vacancies and who is in place. Who is in place comes from the
// timelines of posts; the others come from figures in memory, see package cube.
package workforce

import (
	"context"
	"errors"
	"sync"

	"github.com/muster-works/muster/projections/headcount"
	"github.com/muster-works/muster/projections/plan"
	"github.com/muster-works/muster/projections/vacancy"

	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/rulebook"
)

// A Source is what the questions of the package are answered from.
type Source struct {
	Policies *rulebook.History
	Editions *editions.Register // of the table of divisions
	Cubes    *cube.Latest

	lists placementListCache
}

// Questions lists the questions of the package.
func (s *Source) Questions() []question.Question {
	return []question.Question{s.headcount(), s.series(), s.plan(), s.vacancies(), s.placements(), s.posts(), s.divisions()}
}

// figures returns the figures of a view as of the request, and notes in its Origin what
// the answer is made from.
func (s *Source) figures(r *question.Request, view string) (*cube.Figures, error) {
	if err := r.UseView(view); err != nil {
		return nil, err
	}
	return s.cube(r).Figures(r.Context(), r.Model, view)
}

// cube returns the cube of the generation that a request is answered from.
func (s *Source) cube(r *question.Request) *cube.Cube { return s.Cubes.Of(r.Head.Generation) }

// Refresh reads what is new of all figures, so that the next question need not. It fails
// as the model does.
func (s *Source) Refresh(ctx context.Context, model *readmodel.Reader, generation string) error {
	c := s.Cubes.Of(generation)
	var vacancies, err error
	var both sync.WaitGroup
	both.Go(func() { _, vacancies = c.Spans(ctx, model, vacancy.ViewName) })
	for _, view := range []string{headcount.ViewName, headcount.EstimatedViewName, plan.PlannedViewName, plan.DevelopedViewName} {
		_, failed := c.Figures(ctx, model, view)
		err = errors.Join(err, failed)
	}
	_, filled := c.Durations(ctx, model, vacancy.FilledViewName)
	both.Wait()
	return errors.Join(err, filled, vacancies)
}
