// Package query answers questions over HTTP: for any business date (as_of), as
// known at any moment (known_at).
//
// Every answer is of one commit of the log: it is taken once, and everything
// is asked at its ordinal, so that an answer is consistent while the projector
// writes on. It carries that [Origin]: position, recorded time, views and
// generation. Rules that an answer depends on are those known at that commit
// too.
//
// Headcount, plan and vacancies come from a cube: the rows of the views with
// balances over both clocks, held in memory and brought up to date before each
// answer, so that none adds up all rows. The first question after a start or a
// switch of generation loads it. Trails and payrolls are read from the read
// model by index; funds are a fold of the log in memory. Events are read from the
// log itself: a trail shows the bytes that were appended.
//
// Errors are application/problem+json and name the parameter; a parameter that
// a question does not take is one. Lists page by cursor, and so do figures that
// have more than 10,000 rows. All pages are of the commit and the business date
// of the first; the header Link names the next one. A request that accepts
// text/csv or the media type of XLSX gets that, and the origin in the header
// Muster-Origin; see package table for what guards a spreadsheet.
package query

import (
	"net/http"
	"sync"
	"time"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/rulebook"
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
	packs     rulebook.Shelf
	rolls     rolls
	registers registers
	conduct   conduct
	money     till
	least     int // entries that balances are struck after, see ledger
	mu        sync.Mutex
	cube      *cube // of the generation asked last
}

// New makes an API.
func New(o Options) *API { return &API{Options: o, least: 1024} }

// Questions lists what the API answers: the one table that requests are routed
// by, that parameters are checked against, and that the OpenAPI document is
// made from.
func Questions() []Question {
	return []Question{
		{"headcount", (*API).headcount, "as_of known_at division by limit cursor", new(Headcount)},
		{"headcount/series", (*API).series, "known_at division by from to limit cursor", new(Series)},
		{"plan", (*API).plan, "as_of known_at division", new(Plan)},
		{"vacancies", (*API).vacancies, "as_of known_at division limit cursor", new(Vacancies)},
		{"payroll", (*API).payroll, "as_of known_at division month limit cursor", new(Payroll)},
		{"funds", (*API).funds, "as_of known_at division", new(Funds)},
		{"agencies", (*API).agencies, "as_of known_at division month", new(Agencies)},
		{"trail/persons/{id}", (*API).personTrail, "known_at limit cursor", new(Trail)},
		{"trail/posts/{id}", (*API).postTrail, "known_at limit cursor", new(Trail)},
		{"trail/agencies/{id}", (*API).agencyTrail, "known_at limit cursor", new(Trail)},
		{"trail/events/{id}", (*API).eventTrail, "known_at", new(EventTrail)},
		{"projections", (*API).projections, "", new(Projections)},
	}
}

// Handler serves the questions of interfaces.md under /v1/, and /v1/stream.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, k := range Questions() {
		mux.Handle("GET /v1/"+k.Path, a.serve(k))
	}
	mux.HandleFunc("GET /v1/stream", a.stream)
	mux.HandleFunc("/v1/", nowhere)
	return mux
}
