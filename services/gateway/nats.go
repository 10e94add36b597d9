package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// Subject is where agencies submit: the last token is the agency, and the
// server lets each publish to its own only. That is how the door knows who
// sends; a responder does not learn who published.
const Subject = "muster.submit.*"

// ServeNATS answers submissions until the context ends or the connection is
// gone for good. The request is an event or an array of events, the reply
// {"receipts":[…]}. A submission that fails as a whole is answered with the
// header Nats-Service-Error-Code, which holds the status that HTTP would have,
// and a problem. Gateways of several processes share the work.
//
// Without a list of agencies everyone who can publish is [Local]: the server
// must then listen on a loopback address.
func (g *Gateway) ServeNATS(ctx context.Context, nc *nats.Conn) error {
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
		if !g.enter() {
			g.refuse(r, newProblem(http.StatusTooManyRequests, Busy, "too many submissions are under way; send it again in a second"))
			return
		}
		running.Go(func() {
			defer g.leave()
			g.answer(ctx, nc.MaxPayload(), r)
		})
	})
	if err := service.AddEndpoint("submit", handler, micro.WithEndpointSubject(Subject)); err != nil {
		return errors.Join(fmt.Errorf("register the gateway: %w", err), service.Stop())
	}
	select {
	case <-ctx.Done():
		return service.Stop()
	case <-stopped:
		return fmt.Errorf("gateway: %w: its connection to NATS stopped it", log.ErrUnavailable)
	}
}

func (g *Gateway) answer(ctx context.Context, most int64, r micro.Request) {
	c, err := g.publisher(r.Subject())
	if err != nil {
		g.refuse(r, problemOf(err))
		return
	}
	s := newSubmission(c, 0)
	imports := r.Headers().Get(ImportHeader) == "true"
	if imports && !c.Import {
		g.refuse(r, newProblem(http.StatusForbidden, NotEntitled, "this agency may not import; leave out the header "+ImportHeader))
		return
	}
	h := micro.Headers{CorrelationHeader: {s.correlation}}
	switch dry, err := dryRun(r.Headers()); {
	case err != nil:
		g.refuse(r, problemOf(err))
		return
	case dry:
		s.rehearsal = newRehearsal(g.vault)
		h[DryRunHeader] = []string{"true"}
	}
	receipts, err := g.submitBody(ctx, s, r.Data(), imports)
	if err != nil {
		g.refuse(r, g.failed(s, err))
		return
	}
	body, err := json.Marshal(answer{Receipts: receipts})
	if err == nil && int64(len(body)) > most {
		body, err = json.Marshal(answer{Receipts: brief(receipts)})
	}
	if err != nil {
		g.refuse(r, g.failed(s, err))
		return
	}
	// An answer that gets lost is the agency's timeout: it sends again.
	_ = r.Respond(body, micro.WithHeaders(h))
}

// dryRun looks for the header in whatever case, as HTTP does: nothing may be
// written because of how it was spelt.
func dryRun(h micro.Headers) (dry bool, err error) {
	for name, values := range h {
		for _, v := range values {
			switch {
			case !strings.EqualFold(name, DryRunHeader), v == "false":
			case v == "true":
				dry = true
			default:
				return false, newProblem(http.StatusBadRequest, events.Invalid, "header "+DryRunHeader+" must be true or false")
			}
		}
	}
	return dry, nil
}

func (g *Gateway) refuse(r micro.Request, p *problem) {
	body, err := json.Marshal(p)
	if err != nil {
		body = nil
	}
	_ = r.Error(strconv.Itoa(p.Status), p.Title, body)
}

// publisher is the agency that a subject belongs to.
func (g *Gateway) publisher(subject string) (Caller, error) {
	if g.auth == nil {
		return Local(), nil
	}
	return g.auth.publisher(subject[strings.LastIndexByte(subject, '.')+1:])
}

// brief keeps one reason a receipt: an answer has to fit a message.
func brief(receipts []events.Receipt) []events.Receipt {
	for i := range receipts {
		if r := receipts[i].Reasons; len(r) > 1 {
			receipts[i].Reasons = events.Reasons{r[0]}
		}
	}
	return receipts
}
