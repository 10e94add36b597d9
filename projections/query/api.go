// Package query answers questions over HTTP: for any business date (as_of), as
// known at any moment (known_at).
//
// The questions lie in packages by subject:
//
//	workforce  headcount, its series, the plan, vacancies
//	money      payroll, funds
//	reporting  how agencies report
//	trail      audit trails of persons, posts, agencies and events
//	status     how far the views have come
//
// Package question holds what they have in common, and says how to add one. Package cube
// keeps the figures of the workforce in memory; package bitemporal adds them up.
//
// Every answer is of one commit of the log and carries its origin: position, recorded
// time, state, views and generation. Policies that an answer depends on are those known
// at that commit, too.
//
// Errors are application/problem+json and name the parameter; a parameter that a
// question does not take is an error. Lists come in pages, by cursor, and so do figures
// of more than 10,000 rows. All pages are of the commit and the business date of the
// first; the header Link names the next one. A request that accepts text/csv or the media
// type of XLSX gets that, and the origin in the header Muster-Origin; package table says
// what keeps cells from being formulas.
package query

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/money"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/query/reporting"
	"github.com/muster-works/muster/projections/query/status"
	"github.com/muster-works/muster/projections/query/trail"
	"github.com/muster-works/muster/projections/query/workforce"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/rulebook"
)

// Options say what an API answers from.
type Options struct {
	Model    *readmodel.Dir
	Log      log.Log
	Editions *editions.Register // of the table of divisions; Keep reads on in it
	Zone     *time.Location     // of business dates: Asia/Shanghai
	Now      func() time.Time   // for as_of where it is left out, and for ages
}

// An API answers questions. It is safe for concurrent use.
type API struct {
	server    *question.Server
	workforce *workforce.Source
	money     *money.Source
	reporting *reporting.Source
	trail     *trail.Source
	status    *status.Source
}

// New makes an API.
func New(o Options) *API {
	server := &question.Server{Model: o.Model, Zone: o.Zone, Now: o.Now}
	policies := rulebook.NewHistory(o.Log)
	return &API{
		server:    server,
		workforce: &workforce.Source{Policies: policies, Editions: o.Editions, Cubes: new(cube.Latest)},
		money:     &money.Source{Log: o.Log, Policies: policies},
		reporting: &reporting.Source{Policies: policies},
		trail:     &trail.Source{Log: o.Log},
		status:    &status.Source{Log: o.Log, Now: o.Now, Server: server},
	}
}

// Questions lists what an API answers. Requests are routed by this list, parameters are
// checked against it, and the OpenAPI document is made from it.
func Questions() []question.Question { return New(Options{}).questions() }

func (a *API) questions() []question.Question {
	return slices.Concat(a.workforce.Questions(), a.money.Questions(), a.reporting.Questions(), a.trail.Questions(), a.status.Questions())
}

// Handler serves the questions under /v1/, and /v1/stream.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, q := range a.questions() {
		mux.Handle("GET /v1/"+q.Path, a.server.Handler(q))
	}
	mux.HandleFunc("GET /v1/stream", a.status.Stream)
	mux.HandleFunc("/v1/", question.NoQuestion)
	return mux
}

// Standing says how far the views, which go together, have come; View and Version are
// not set. It fails while there is no read model.
func (a *API) Standing(ctx context.Context) (status.ViewStatus, error) {
	return a.status.Standing(ctx)
}

// refreshEvery is how long Keep waits before it reads on.
const refreshEvery = time.Second

// Keep brings the figures in memory up to date every second until the context
// ends, so that a question after a start, after a switch of generations or after
// much news need not read it all first. It returns when nothing is being read
// any more. Without Keep the next question does the work. Keep passes over errors, which
// the next question meets, too.
func (a *API) Keep(ctx context.Context) {
	for ctx.Err() == nil {
		_ = a.refresh(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(refreshEvery):
		}
	}
}

func (a *API) refresh(ctx context.Context) error {
	model, err := a.server.Model.Reader(ctx)
	if err != nil {
		return err
	}
	meta, err := model.Meta(ctx)
	if err != nil {
		return err
	}
	return errors.Join(a.workforce.Editions.CatchUp(ctx), a.workforce.Refresh(ctx, model, meta.Generation))
}
