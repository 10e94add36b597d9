// Package query answers questions over HTTP: for any business date (as_of), as
// known at any moment (known_at).
//
// Every answer is of one commit of the log: it is taken once, and everything
// is asked at its ordinal, so that an answer is consistent while the projector
// writes on. It carries that origin: position, recorded time, view, version and
// generation.
//
// Figures that are sums (headcount, plan) come from a [cube]: the difference
// rows of a view, held in memory and brought up to date before each answer.
// Lists (vacancies, trails) are read from the read model by index. Events are
// read from the log itself: a trail shows the bytes that were appended.
//
// Errors are application/problem+json and name the parameter; lists page by
// cursor; a request that accepts text/csv gets CSV.
package query

import (
	"net/http"
	"sync"
	"time"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/readmodel"
)

// Options say what an API answers from.
type Options struct {
	Model     *readmodel.Dir
	Log       log.Log
	Divisions *division.Table
	Zone      *time.Location   // of business dates: Asia/Shanghai
	Now       func() time.Time // for as_of where it is left out, and for ages
}

// An API answers questions. It is safe for concurrent use.
type API struct {
	Options
	mu    sync.Mutex
	cubes map[string]*cube // of the generation in use, by view
	of    string           // that generation
	packs struct {
		sync.Mutex
		book policy.Book
		at   log.Position
	}
}

// New makes an API.
func New(o Options) *API { return &API{Options: o, cubes: map[string]*cube{}} }

// Handler serves the questions of interfaces.md under /v1/.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/headcount", a.serve(a.headcount, "by"))
	mux.Handle("GET /v1/headcount/series", a.serve(a.series, "by", "from", "to"))
	mux.Handle("GET /v1/plan", a.serve(a.plan))
	mux.Handle("GET /v1/vacancies", a.serve(a.vacancies, "limit", "cursor"))
	mux.Handle("GET /v1/trail/persons/{id}", a.serve(a.personTrail, "limit", "cursor"))
	mux.Handle("GET /v1/trail/posts/{id}", a.serve(a.postTrail, "limit", "cursor"))
	mux.Handle("GET /v1/trail/agencies/{id}", a.serve(a.agencyTrail, "limit", "cursor"))
	mux.Handle("GET /v1/projections", a.serve(a.projections))
	mux.Handle("GET /v1/stream", http.HandlerFunc(a.stream))
	return mux
}
