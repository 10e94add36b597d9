package gateway

import (
	"context"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/erasures"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/submission"
)

const (
	// ImportHeader with the value true marks a submission whose events bring
	// their recordedtime along.
	ImportHeader = "Muster-Import"
	// DryRunHeader with the value true asks what would become of a submission, and
	// writes nothing. The answer has the header too.
	DryRunHeader = "Muster-Dry-Run"
	// CorrelationHeader names the submission in the answer, as the attribute
	// correlationid does in the events.
	CorrelationHeader = "Muster-Correlation"
)

// A Request is one kind of request that the gateway answers over HTTP, always with
// POST.
type Request struct {
	Path  string
	serve func(*Gateway, http.ResponseWriter, *http.Request)
	// Asks and Answers are nil pointers to what the body and the answer hold. Asks
	// is nil if the body holds events.
	Asks, Answers any
}

// Requests lists what the gateway answers over HTTP. Requests are routed by this
// table, and the OpenAPI document is made from it.
func Requests() []Request {
	return []Request{
		{"/v1/events", (*Gateway).serveEvents, nil, new(answer)},
		{"/v1/persons/{id}/erase", (*Gateway).serveErasure, new(erasure), new(erasures.Certificate)},
		{"/v1/persons/{id}/reveal", (*Gateway).serveRevealing, new(revealing), new(Revelation)},
	}
}

// Handler returns the HTTP handler of the gateway: it takes events, and requests
// about one person (see http_persons.go).
//
// The body is an event (application/cloudevents+json or application/json), an
// array of events (application/cloudevents-batch+json or application/json), or
// an event a line (application/x-ndjson). The answer is 200 with
// {"receipts":[…]} in the order of the events, or application/problem+json for
// the body as a whole: 400 it is malformed, 401 the token is unknown, 403 the
// right to import is missing, 413 it is too large, 415 it is of another type,
// 429 and 503 send it again after Retry-After.
//
// NDJSON is answered while it is read, or right after that if the request says its
// length. If a service fails in the middle, the answer ends in a member "problem"
// beside the receipts so far; the client sends all of it again.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, request := range Requests() {
		mux.HandleFunc("POST "+request.Path, func(w http.ResponseWriter, r *http.Request) { request.serve(g, w, r) })
		mux.HandleFunc(request.Path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", http.MethodPost)
			problem.New(http.StatusMethodNotAllowed, "", events.Say("this is asked with POST", "请用POST方法提交")).Respond(w, r)
		})
	}
	return mux
}

func (g *Gateway) serveEvents(w http.ResponseWriter, r *http.Request) {
	c, stream, err := g.readHead(r)
	if err == nil {
		err = g.door.Open(c)
	}
	if err != nil {
		problemOf(err).Respond(w, r)
		return
	}
	defer g.door.Close(c)
	imports := r.Header.Get(ImportHeader) == "true"
	begin := submission.New
	if r.Header.Get(DryRunHeader) == "true" {
		begin = g.pipeline.NewDryRun
		w.Header().Set(DryRunHeader, "true")
	}
	if stream {
		g.serveStream(w, r, begin(c, submission.Patience), imports)
		return
	}
	r.Body = newIdleBody(w, r.Body, g.bodyIdle)
	s := begin(c, 0)
	w.Header().Set(CorrelationHeader, s.Correlation)
	receipts, err := g.serveBody(r, s, imports)
	if err != nil {
		g.problemFor(s, err).Respond(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Language", string(problem.LanguageOf(r)))
	_ = json.MarshalWrite(w, answer{Receipts: inLanguage(receipts, problem.LanguageOf(r))}) // a client that is gone sends again
}

// inLanguage returns receipts with their reasons in one language.
func inLanguage(receipts []events.Receipt, l events.Language) []events.Receipt {
	said := make([]events.Receipt, len(receipts))
	for i, r := range receipts {
		said[i] = r.In(l)
	}
	return said
}

type answer struct {
	Receipts []events.Receipt `json:"receipts"`
	Problem  *problem.Problem `json:"problem,omitzero"` // that ended a stream in the middle; see streamResponse
}

// readHead reads the head of a request: who sends it, and whether its body is a
// stream. It fails with a [problem.Problem].
func (g *Gateway) readHead(r *http.Request) (c admission.Caller, stream bool, err error) {
	if c, err = g.authenticate(r); err != nil {
		return c, false, err
	}
	for _, name := range []string{ImportHeader, DryRunHeader} {
		if v := r.Header.Get(name); v != "" && v != "true" && v != "false" {
			return c, false, problem.New(http.StatusBadRequest, events.Invalid, events.Say("header %s must be true or false", "请求头%s须为true或false", name))
		}
	}
	if r.Header.Get(ImportHeader) == "true" && !c.Import {
		return c, false, problem.New(http.StatusForbidden, admission.NotEntitled, mayNotImport)
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return c, false, problem.New(http.StatusUnsupportedMediaType, "", events.Say("send the body without Content-Encoding", "请求体请勿压缩，不要带Content-Encoding"))
	}
	stream, err = isStream(r.Header.Get("Content-Type"))
	return c, stream, err
}

// mayNotImport is said of an import by an agency without that right.
var mayNotImport = events.Say("this agency may not import; leave out the header "+ImportHeader, "本单位无权导入历史数据；请去掉请求头"+ImportHeader)

// isStream reports whether a content type is that of NDJSON. It refuses every type
// that is not one of events.
func isStream(contentType string) (bool, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if charset := parameters["charset"]; err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		switch kind {
		case "application/json", "application/cloudevents+json", "application/cloudevents-batch+json":
			return false, nil
		case "application/x-ndjson", "application/ndjson":
			return true, nil
		}
	}
	return false, problem.New(http.StatusUnsupportedMediaType, "", events.Say(
		"Content-Type must be application/json, application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson, in UTF-8",
		"Content-Type须为application/json、application/cloudevents+json、application/cloudevents-batch+json或application/x-ndjson，编码为UTF-8"))
}

// authenticate returns who sends a request. Without a list of agencies everybody on this
// machine is trusted. The request must then also be addressed to this machine by a
// name that no web page can claim; otherwise a page in a browser on this machine
// could submit.
func (g *Gateway) authenticate(r *http.Request) (admission.Caller, error) {
	if g.auth != nil {
		return g.auth.Submitter(r)
	}
	if !isLoopback(r.RemoteAddr) || !isLoopback(r.Host) {
		return admission.Caller{}, problem.New(http.StatusUnauthorized, "", events.Say(
			"without a list of agencies only this machine itself may submit, over localhost or a loopback address",
			"未配置单位名单时，只有本机可以经localhost或回环地址报送"))
	}
	return admission.Local(), nil
}

// isLoopback reports whether an address, with a port or without, is this machine's
// own.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serveBody takes a body that is one event or a batch.
func (g *Gateway) serveBody(r *http.Request, s submission.Submission, imports bool) ([]events.Receipt, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, intake.MaxBody+1))
	if err != nil {
		return nil, brokenOff(err, g.bodyIdle)
	}
	if len(body) > intake.MaxBody {
		discardBody(r.Body)
		return nil, problem.New(http.StatusRequestEntityTooLarge, events.TooLarge,
			events.Say(
				"a body has at most 1 MiB unless it is NDJSON; send an event a line as application/x-ndjson, or parts",
				"NDJSON以外的请求体最多1 MiB；请用application/x-ndjson每行发送一个事件，或分批发送"))
	}
	return g.submitBody(r.Context(), s, body, imports)
}

// submitBody submits a body that is one event or a batch, over HTTP or NATS.
func (g *Gateway) submitBody(ctx context.Context, s submission.Submission, body []byte, imports bool) ([]events.Receipt, error) {
	groups, err := intake.Parse(body, imports)
	if err != nil {
		return nil, err
	}
	if err := g.admit(s, groups, len(body)); err != nil {
		return nil, err
	}
	defer g.door.Free(s.Caller)
	receipts := []events.Receipt{}
	for _, group := range groups {
		got, err := g.pipeline.Submit(ctx, s, group.Items, group.Recorded)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, got...)
	}
	return receipts, nil
}

// discardBody reads on for a while. If the connection were closed while the client is
// still sending, the client would see a broken connection instead of the answer.
func discardBody(body io.Reader) { _, _ = io.CopyN(io.Discard, body, 8<<20) }
