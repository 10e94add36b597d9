package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/submission"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// Subject is where agencies submit. Its last token is the name of the agency. A
// responder does not learn who published a message, so the NATS server must let each
// agency publish to its own subject only.
const Subject = "muster.submit.*"

// flushTimeout is how long the server may take to accept a subscription.
const flushTimeout = 10 * time.Second

// ServeNATS answers submissions until the context ends or the connection is gone for
// good. The request is an event or an array of events, the reply {"receipts":[…]}. A
// submission that fails as a whole is answered with the header
// Nats-Service-Error-Code, which holds the status that HTTP would have, and a problem
// as the payload. The header Accept-Language says in which language the answer speaks, as
// over HTTP. The gateways of several processes share the work.
//
// A request is taken if its reply subject is one of [command.MayAnswer]. nc should be a
// connection that may publish to these subjects alone, because the micro library answers
// $SRV requests by itself.
//
// Without a list of agencies everybody who can publish is [admission.Local], so the
// server must then listen on a loopback address.
//
// ServeNATS calls serving as soon as the server passes requests on to it. It returns nil when
// the context ends, and [log.ErrUnavailable] when the
// connection does. It waits for the submissions under way.
func (g *Gateway) ServeNATS(ctx context.Context, nc *nats.Conn, serving func()) error {
	var running sync.WaitGroup
	defer running.Wait()
	stopped := make(chan struct{})
	service, err := micro.AddService(nc, micro.Config{
		Name:        "muster-gateway",
		Version:     "1.0.0",
		Description: "takes events from agencies",
		QueueGroup:  "muster-gateway",
		DoneHandler: func(micro.Service) { close(stopped) },
	})
	if err != nil {
		return fmt.Errorf("register the gateway: %w", err)
	}
	handler := micro.HandlerFunc(func(r micro.Request) {
		if !command.MayAnswer(r.Reply(), g.inboxes) {
			g.refuseReply(r)
			return
		}
		s, imports, err := g.readHeaders(r)
		if err == nil {
			err = g.door.Open(s.Caller)
		}
		if err != nil {
			g.replyProblem(r, problemOf(err))
			return
		}
		running.Go(func() {
			defer g.door.Close(s.Caller)
			g.answerNATS(ctx, nc.MaxPayload(), r, s, imports)
		})
	})
	if err := service.AddEndpoint("submit", handler, micro.WithEndpointSubject(Subject)); err != nil {
		return errors.Join(fmt.Errorf("register the gateway: %w", err), service.Stop())
	}
	if err := nc.FlushTimeout(flushTimeout); err != nil && ctx.Err() == nil {
		return errors.Join(fmt.Errorf("gateway: %w: %w", log.ErrUnavailable, err), service.Stop())
	}
	serving()
	select {
	case <-ctx.Done():
		return service.Stop()
	case <-stopped:
		return fmt.Errorf("gateway: %w: its connection to NATS stopped it", log.ErrUnavailable)
	}
}

// refuseReply counts a request that names a reply subject on which nothing is answered, and
// logs what to do, at most once a minute. Such a request comes from a user of Muster's own
// account, and the subject may be one of the log.
func (g *Gateway) refuseReply(r micro.Request) {
	if g.countReply != nil {
		g.countReply()
	}
	now := time.Now().Unix()
	if before := g.warnedReply.Load(); now-before >= 60 && g.warnedReply.CompareAndSwap(before, now) {
		g.log.Error("a request over NATS is not answered: its reply subject shows that its sender shares the account of the deployment, where a request could write to the log; give each agency an account of its own, as muster agency nats prints them",
			"subject", r.Subject(), "reply", r.Reply())
	}
}

// answerNATS answers one message with the receipts of the submission that it holds.
// maxPayload is how many bytes an answer may have.
func (g *Gateway) answerNATS(ctx context.Context, maxPayload int64, r micro.Request, s submission.Submission, imports bool) {
	receipts, err := g.submitBody(ctx, s, r.Data(), imports)
	if err != nil {
		g.replyProblem(r, g.problemFor(s, err))
		return
	}
	said := inLanguage(receipts, languageOf(r))
	body, err := json.Marshal(answer{Receipts: said})
	if err == nil && int64(len(body)) > maxPayload {
		body, err = json.Marshal(answer{Receipts: keepFirstReasons(said)})
	}
	if err != nil {
		g.replyProblem(r, g.problemFor(s, err))
		return
	}
	h := micro.Headers{CorrelationHeader: {s.Correlation}}
	if s.IsDryRun() {
		h[DryRunHeader] = []string{"true"}
	}
	// If the answer gets lost, the agency runs into its timeout and sends again.
	_ = r.Respond(body, micro.WithHeaders(h))
}

// readHeaders returns the submission that a message begins, and whether it is an
// import. It fails with a [problem.Problem].
func (g *Gateway) readHeaders(r micro.Request) (s submission.Submission, imports bool, err error) {
	c, err := g.authenticatePublisher(r.Subject())
	if err != nil {
		return s, false, err
	}
	imports = r.Headers().Get(ImportHeader) == "true"
	if imports && !c.Import {
		return s, false, problem.New(http.StatusForbidden, admission.NotEntitled, mayNotImport)
	}
	dry, err := isDryRun(r.Headers())
	switch {
	case err != nil:
		return s, false, err
	case dry:
		return g.pipeline.NewDryRun(c, 0), imports, nil
	}
	return submission.New(c, 0), imports, nil
}

// isDryRun looks for the header in upper and lower case alike, as HTTP does. In NATS
// the case of a header matters; but nothing may be written because of how the header
// was spelt.
func isDryRun(h micro.Headers) (dry bool, err error) {
	for name, values := range h {
		for _, v := range values {
			switch {
			case !strings.EqualFold(name, DryRunHeader), v == "false":
			case v == "true":
				dry = true
			default:
				return false, problem.New(http.StatusBadRequest, events.Invalid, events.Say("header %s must be true or false", "消息头%s须为true或false", DryRunHeader))
			}
		}
	}
	return dry, nil
}

// languageOf returns the language in which a message wants its answer: the header
// Accept-Language means what it means over HTTP, in upper and lower case alike.
func languageOf(r micro.Request) events.Language {
	var values []string
	for name, v := range r.Headers() {
		if strings.EqualFold(name, "Accept-Language") {
			values = append(values, v...)
		}
	}
	return events.AcceptLanguage(values...)
}

// replyProblem answers a message with a problem, in the language that the message asks
// for.
func (g *Gateway) replyProblem(r micro.Request, p *problem.Problem) {
	body, err := json.Marshal(p.In(languageOf(r)))
	if err != nil {
		body = nil
	}
	_ = r.Error(strconv.Itoa(p.Status), p.Title, body)
}

// authenticatePublisher returns the agency whose name a subject ends in.
func (g *Gateway) authenticatePublisher(subject string) (admission.Caller, error) {
	if g.auth == nil {
		return admission.Local(), nil
	}
	return g.auth.Publisher(subject[strings.LastIndexByte(subject, '.')+1:])
}

// keepFirstReasons leaves one reason in each receipt, so that the answer fits a message.
func keepFirstReasons(receipts []events.Receipt) []events.Receipt {
	for i := range receipts {
		if r := receipts[i].Reasons; len(r) > 1 {
			receipts[i].Reasons = events.Reasons{r[0]}
		}
	}
	return receipts
}
