package deployment

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/internal/contract"
	"github.com/muster-works/muster/services/internal/meter"
)

// Timeouts of the HTTP server: for the header of a request, for a connection without
// requests, and for requests under way when the server stops.
const (
	headerTimeout   = 10 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 8 * time.Second // a process ends within 10 s of SIGTERM
)

// An httpServer is the HTTP server of a deployment. It answers 503 until its routes are
// set, except for /healthz. It is safe for concurrent use.
type httpServer struct {
	handler  atomic.Pointer[http.Handler]
	loopback bool
}

// newHTTPServer returns a server for the address addr, without routes.
func newHTTPServer(addr string) *httpServer { return &httpServer{loopback: isLoopback(addr)} }

// routes are the handlers of an httpServer. A nil handler is a route that this process
// does not have.
type routes struct {
	ready       http.HandlerFunc // reports whether the process can take submissions, or, without any, answer questions
	queryReady  http.HandlerFunc // reports whether questions are answered with what is new
	submissions http.Handler     // submissions and requests about persons; authenticates by itself
	questions   http.Handler     // questions to the read model
	rebuild     http.Handler     // starts a rebuild of the read model
	services    http.Handler     // lists the services that run
	auth        *admission.Auth  // who may ask; nil lets everybody in
	meter       *meter.Meter     // measures requests
}

// setRoutes makes the server answer requests by r instead of by 503.
func (d *httpServer) setRoutes(r routes) {
	mux := http.NewServeMux()
	guard := func(h http.Handler) http.Handler { return h }
	if r.auth != nil {
		guard = r.auth.Guard
	}
	if r.submissions != nil {
		mux.Handle("/v1/events", r.submissions)
		mux.Handle("POST /v1/persons/", r.submissions)
	}
	if r.questions != nil {
		mux.Handle("/v1/", guard(r.questions))
	}
	if r.rebuild != nil {
		mux.Handle("POST "+rebuildPath, guard(r.rebuild))
	}
	if r.services != nil {
		mux.Handle("GET "+servicesPath, guard(r.services))
	}
	mux.HandleFunc("GET "+readyPath, r.ready)
	if r.queryReady != nil {
		mux.HandleFunc("GET "+queryReadyPath, r.queryReady)
	}
	mux.Handle("GET "+metricsPath, guard(r.meter.Handler()))
	contract.Mount(mux, notFound)
	mux.HandleFunc("/", notFound)
	h := r.meter.Requests(mux)
	d.handler.Store(&h)
}

// Paths that a deployment answers beside those of packages gateway and query.
const (
	rebuildPath  = "/v1/projections/{view}/rebuild"
	servicesPath = "/v1/services"
	readyPath    = "/readyz" // all of the process answers, but for the views where submissions are taken, too

	queryReadyPath = "/readyz/query" // the views are kept up to date
	healthPath     = "/healthz"      // the process runs
	metricsPath    = "/metrics"      // in the format of Prometheus
)

// Paths lists the patterns of a ServeMux that a deployment answers beside the requests
// of package gateway and the questions of package query.
func Paths() []string {
	return append(contract.Paths(), "POST "+rebuildPath, "GET "+servicesPath, "GET "+readyPath, "GET "+queryReadyPath, "GET "+healthPath, "GET "+metricsPath, "GET /v1/stream")
}

// notFound answers 404.
func notFound(w http.ResponseWriter, r *http.Request) {
	answerProblem(w, r, http.StatusNotFound, events.Say("there is nothing here; /openapi.json lists what there is", "此处没有内容；可用的地址见/openapi.json"))
}

// ServeHTTP implements http.Handler. A server that listens on loopback answers 421 to
// requests for another host.
func (d *httpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	h := d.handler.Load()
	switch {
	case d.loopback && !isLoopback(r.Host):
		// A web page can have its own host name resolve to 127.0.0.1. The browser
		// would then let the page read answers, as of its own origin.
		answerProblem(w, r, http.StatusMisdirectedRequest, events.Say(
			"this instance listens on loopback and answers to 127.0.0.1 and localhost alone", "本实例只监听回环地址，只应答127.0.0.1和localhost"))
	case r.URL.Path == healthPath:
		fmt.Fprintln(w, "alive")
	case h == nil:
		w.Header().Set("Retry-After", "1")
		answerProblem(w, r, http.StatusServiceUnavailable, events.Say("starting, ask again", "正在启动，请稍后再试"))
	default:
		(*h).ServeHTTP(w, r)
	}
}

// serve answers requests on l until ctx ends. It waits at most shutdownTimeout for
// requests under way; their context is not cancelled before.
func (d *httpServer) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: d, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(closing); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
