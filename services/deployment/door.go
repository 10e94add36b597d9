package deployment

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/internal/contract"
	"github.com/muster-works/muster/services/internal/meter"
)

const (
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	closingTime = 10 * time.Second
)

// A door is the HTTP server of a deployment. Until it is opened it answers 503,
// but for /healthz.
type door struct {
	handler  atomic.Pointer[http.Handler]
	loopback bool
}

func newDoor(addr string) *door { return &door{loopback: loopback(addr)} }

// rooms are what is behind a door; those that are nil are not there.
type rooms struct {
	ready   http.HandlerFunc // says whether requests can be served
	gate    http.Handler     // takes submissions
	api     http.Handler     // answers questions
	rebuild http.Handler     // starts replays
	roster  http.Handler     // says which services run
	auth    *gateway.Auth    // who may ask, nil for anyone on this machine
	meter   *meter.Meter     // times requests
}

// open lets requests in.
func (d *door) open(r rooms) {
	mux := http.NewServeMux()
	guard := func(h http.Handler) http.Handler { return h }
	if r.auth != nil {
		guard = r.auth.Guard
	}
	if r.gate != nil {
		mux.Handle("/v1/events", r.gate)
		mux.Handle("POST /v1/persons/", r.gate)
	}
	if r.api != nil {
		mux.Handle("/v1/", guard(r.api))
	}
	if r.rebuild != nil {
		mux.Handle("POST "+rebuildPath, guard(r.rebuild))
	}
	if r.roster != nil {
		mux.Handle("GET "+rosterPath, guard(r.roster))
	}
	mux.HandleFunc("GET "+readyPath, r.ready)
	mux.Handle("GET "+metricsPath, guard(r.meter.Handler()))
	contract.Mount(mux, nowhere)
	mux.HandleFunc("/", nowhere)
	h := r.meter.Requests(mux)
	d.handler.Store(&h)
}

// What a door answers by itself.
const (
	rebuildPath = "/v1/projections/{view}/rebuild"
	rosterPath  = "/v1/services"
	readyPath   = "/readyz"  // everything answers
	healthPath  = "/healthz" // the process lives
	metricsPath = "/metrics" // for Prometheus
)

// Paths lists all that a deployment answers beside the requests of package
// gateway and the questions of package query, as patterns of a ServeMux.
func Paths() []string {
	return append(contract.Paths(), "POST "+rebuildPath, "GET "+rosterPath, "GET "+readyPath, "GET "+healthPath, "GET "+metricsPath, "GET /v1/stream")
}

func nowhere(w http.ResponseWriter, _ *http.Request) {
	problem(w, http.StatusNotFound, "there is nothing here; /openapi.json lists what there is")
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	h := d.handler.Load()
	switch {
	case d.loopback && !loopback(r.Host):
		// A web page whose name was made to point here would be let in by the
		// browser as its own origin.
		problem(w, http.StatusMisdirectedRequest, "this instance listens on loopback and answers to 127.0.0.1 and localhost alone")
	case r.URL.Path == healthPath:
		fmt.Fprintln(w, "alive")
	case h == nil:
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, "starting, ask again")
	default:
		(*h).ServeHTTP(w, r)
	}
}

// serve answers on l until ctx ends, and lets requests under way finish.
func (d *door) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: d, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingTime)
	defer cancel()
	if err := server.Shutdown(closing); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
