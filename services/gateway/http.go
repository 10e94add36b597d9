package gateway

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

const (
	// ImportHeader with the value true marks a submission whose events bring
	// their recordedtime along.
	ImportHeader = "Muster-Import"
	// DryRunHeader with the value true asks what would become of a
	// submission, and writes nothing. It comes back in the answer.
	DryRunHeader = "Muster-Dry-Run"
	// CorrelationHeader names the submission in the answer, as the events do
	// in correlationid.
	CorrelationHeader = "Muster-Correlation"
)

// A Request is one that the door answers over HTTP, always with POST.
type Request struct {
	Path  string
	serve func(*Gateway, http.ResponseWriter, *http.Request)
	// Asks and Answers are pointers to nothing of what the body and the answer
	// hold; a body of events has no Asks.
	Asks, Answers any
}

// Requests lists what the door answers over HTTP: the one table that requests
// are routed by and that the OpenAPI document is made from.
func Requests() []Request {
	return []Request{
		{"/v1/events", (*Gateway).serve, nil, new(answer)},
		{"/v1/persons/{id}/erase", (*Gateway).serveErasure, new(erasure), new(Certificate)},
		{"/v1/persons/{id}/reveal", (*Gateway).serveRevealing, new(revealing), new(Revelation)},
	}
}

// Handler returns the HTTP door: it takes events, and what can be asked about
// one person (see persons.go).
//
// The body is an event (application/cloudevents+json or application/json), an
// array of events (application/cloudevents-batch+json or application/json), or
// an event a line (application/x-ndjson). The answer is 200 with
// {"receipts":[…]} in the order of the events, or application/problem+json for
// the body as a whole: 400 it is malformed, 401 the token is unknown, 403 the
// right to import is missing, 413 it is too large, 415 it is of another type,
// 429 and 503 send it again after Retry-After.
//
// NDJSON is answered while it is read, or right after that where the request says
// its length. When a service fails in the middle, the answer ends in a member
// "problem" beside the receipts so far; send all of it again.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, request := range Requests() {
		mux.HandleFunc("POST "+request.Path, func(w http.ResponseWriter, r *http.Request) { request.serve(g, w, r) })
		mux.HandleFunc(request.Path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", http.MethodPost)
			newProblem(http.StatusMethodNotAllowed, "", "this is asked with POST").write(w)
		})
	}
	return mux
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) {
	c, stream, err := g.greet(r)
	if err == nil && !g.enter() {
		err = newProblem(http.StatusTooManyRequests, Busy, "too many submissions are under way; send it again in a second")
	}
	if err != nil {
		problemOf(err).write(w)
		return
	}
	defer g.leave()
	imports := r.Header.Get(ImportHeader) == "true"
	s := newSubmission(c, 0)
	if r.Header.Get(DryRunHeader) == "true" {
		s.rehearsal = newRehearsal(g.vault)
		w.Header().Set(DryRunHeader, "true")
	}
	if stream {
		s.patience = patience
		g.serveStream(w, r, s, imports)
		return
	}
	w.Header().Set(CorrelationHeader, s.correlation)
	receipts, err := g.serveBody(r, s, imports)
	if err != nil {
		g.failed(s, err).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, answer{Receipts: receipts}) // a client that is gone sends again
}

type answer struct {
	Receipts []events.Receipt `json:"receipts"`
	Problem  *problem         `json:"problem,omitzero"` // that ended a stream in the middle; see streamed
}

// greet says who sends, and whether it is a stream.
func (g *Gateway) greet(r *http.Request) (c Caller, stream bool, err error) {
	if c, err = g.caller(r); err != nil {
		return c, false, err
	}
	for _, name := range []string{ImportHeader, DryRunHeader} {
		if v := r.Header.Get(name); v != "" && v != "true" && v != "false" {
			return c, false, newProblem(http.StatusBadRequest, events.Invalid, "header "+name+" must be true or false")
		}
	}
	if r.Header.Get(ImportHeader) == "true" && !c.Import {
		return c, false, newProblem(http.StatusForbidden, NotEntitled, "this agency may not import; leave out the header "+ImportHeader)
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return c, false, newProblem(http.StatusUnsupportedMediaType, "", "send the body without Content-Encoding")
	}
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		switch kind {
		case "application/json", "application/cloudevents+json", "application/cloudevents-batch+json":
			return c, false, nil
		case "application/x-ndjson", "application/ndjson":
			return c, true, nil
		}
	}
	return c, false, newProblem(http.StatusUnsupportedMediaType, "",
		"Content-Type must be application/json, application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson, in UTF-8")
}

// caller finds out who sends. Without a list of agencies whoever is on this
// machine is trusted, but not what a browser on it was talked into: a request
// must also be addressed to this machine by a name that no web page can claim.
func (g *Gateway) caller(r *http.Request) (Caller, error) {
	if g.auth != nil {
		return g.auth.submitter(r)
	}
	if !loopback(r.RemoteAddr) || !loopback(r.Host) {
		return Caller{}, newProblem(http.StatusUnauthorized, "", "without a list of agencies only this machine itself may submit, over localhost or a loopback address")
	}
	return Local(), nil
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serveBody takes a body that is one event or a batch.
func (g *Gateway) serveBody(r *http.Request, s submission, imports bool) ([]events.Receipt, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, events.Malformed, "the body broke off")
	}
	if len(body) > maxBody {
		discard(r.Body)
		return nil, newProblem(http.StatusRequestEntityTooLarge, events.TooLarge,
			"a body has at most 1 MiB unless it is NDJSON; send an event a line as application/x-ndjson, or parts")
	}
	return g.submitBody(r.Context(), s, body, imports)
}

func (g *Gateway) submitBody(ctx context.Context, s submission, body []byte, imports bool) ([]events.Receipt, error) {
	list, err := parse(body, imports)
	if err != nil {
		return nil, err
	}
	receipts := []events.Receipt{}
	for _, part := range list {
		got, err := g.submit(ctx, s, part.items, part.recorded)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, got...)
	}
	return receipts, nil
}

// failed turns an error into the agency's answer, and tells the operator of
// those that are not the agency's doing.
func (g *Gateway) failed(s submission, err error) *problem {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) && !errors.Is(err, errGone) {
		g.log.Error("submission failed", "agency", s.Agency, "correlation", s.correlation, "status", p.Status, "error", err)
	}
	return p
}

// discard reads on for a while: a client that is still sending does not see an
// answer on a connection that was closed under it.
func discard(body io.Reader) { _, _ = io.CopyN(io.Discard, body, 8<<20) }

// serveStream takes NDJSON.
func (g *Gateway) serveStream(w http.ResponseWriter, r *http.Request, s submission, imports bool) {
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex() // HTTP/2 has nothing else
	in, read := newIntake(), make(chan struct{})
	go func() {
		defer close(read)
		readLines(r.Body, imports, in)
	}()
	a := &streamed{g: g, w: w, correlation: s.correlation, hold: r.ContentLength >= 0}
	err := g.pump(r.Context(), s, in, a)
	in.close()
	if err != nil {
		// What is still being sent is read for a moment, for the same reason
		// as in discard; and the reading of lines has to end before this does.
		_ = rc.SetReadDeadline(time.Now().Add(2 * time.Second))
		<-read
		discard(r.Body)
		a.end(g.failed(s, err))
		return
	}
	a.end(nil)
}

// pump takes a stream through the door to its end.
func (g *Gateway) pump(ctx context.Context, s submission, in *intake, a *streamed) error {
	for {
		part, err := in.take()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return newProblem(http.StatusBadRequest, events.Malformed, "the body broke off")
		}
		receipts, err := g.submit(ctx, s, part.items, part.recorded)
		if err := errors.Join(a.add(receipts), err); err != nil {
			return err
		}
	}
}
