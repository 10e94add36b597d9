package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// subject returns the NATS subject on which the service of a family takes events.
func subject(f events.Family) string { return "muster.svc." + string(f) }

const (
	// importedHeader carries the recorded time of an import, as RFC 3339 with
	// nanoseconds.
	importedHeader = "Muster-Recorded"
	// decidedHeader carries the day of the decision, as YYYY-MM-DD. The events of one
	// request have one.
	decidedHeader = "Muster-Decided"
	// dryRunHeader marks a dry run. Its value is how many of the events, from the
	// first, are premises.
	dryRunHeader = "Muster-Trial"
	// maxRequest is the size of a request in bytes. It is below the max_payload
	// that NATS servers have by default.
	maxRequest = log.MaxBytes

	codeBusy        = "429"
	codeUnavailable = "503"
	codeInvalid     = "400"
)

// Serve registers a handler with NATS micro, so that `nats micro ls` shows it, and
// answers requests. If several processes serve one family, each request goes to one of
// them. Serve returns nil when ctx ends. If the connection is closed for good, Serve
// returns [log.ErrUnavailable].
func Serve(ctx context.Context, nc *nats.Conn, h *Handler) error {
	done := make(chan struct{})
	svc, err := micro.AddService(nc, micro.Config{
		Name:        "muster-" + string(h.family),
		Version:     "1.0.0",
		Description: "decides the events of the family " + string(h.family),
		QueueGroup:  "muster-" + string(h.family),
		DoneHandler: func(micro.Service) { close(done) },
	})
	if err != nil {
		return fmt.Errorf("register %s: %w", h.family, err)
	}
	handler := micro.HandlerFunc(func(r micro.Request) { go answerRequest(ctx, h, r) })
	if err := svc.AddEndpoint("submit", handler, micro.WithEndpointSubject(subject(h.family))); err != nil {
		return fmt.Errorf("register %s: %w", h.family, err)
	}
	select {
	case <-ctx.Done():
		return svc.Stop()
	case <-done:
		return fmt.Errorf("service %s was stopped by its connection: %w", h.family, log.ErrUnavailable)
	}
}

// answerRequest answers one request with receipts, or with the code of an error. A request
// that names another reply subject than those of [MayAnswer] is not carried out.
func answerRequest(ctx context.Context, h *Handler, r micro.Request) {
	if !MayAnswer(r.Reply(), true) { // no gateway sent it
		return
	}
	receipts, err := submitted(ctx, h, r)
	switch {
	case errors.Is(err, ErrBusy):
		_ = r.Error(codeBusy, "busy, submit again", nil)
	case errors.Is(err, errRequest):
		_ = r.Error(codeInvalid, err.Error(), nil)
	case err != nil:
		_ = r.Error(codeUnavailable, err.Error(), nil)
	default:
		body, err := json.Marshal(receipts)
		if err != nil {
			_ = r.Error(codeUnavailable, err.Error(), nil)
			return
		}
		// If the answer is lost, the gateway times out and the agency submits
		// again.
		_ = r.Respond(body)
	}
}

// errRequest says that a request is malformed; the text says how.
var errRequest = errors.New("command: malformed request")

// submitted carries out a request: a submission, or a dry run.
func submitted(ctx context.Context, h *Handler, m micro.Request) ([]events.Receipt, error) {
	r, err := read(m.Headers(), m.Data())
	switch {
	case err != nil:
		return nil, err
	case r.dryRun:
		return h.Try(ctx, r.batch[:r.premises], r.batch[r.premises:], r.imported)
	}
	return h.Submit(ctx, r.batch, r.imported)
}

// A handlerRequest is a request that came over NATS.
type handlerRequest struct {
	batch    []*events.Event
	imported time.Time
	dryRun   bool
	premises int // of a dry run: how many of the batch are premises, from the first
}

// read decodes a request. The error is errRequest.
func read(h micro.Headers, data []byte) (r handlerRequest, err error) {
	if s := h.Get(importedHeader); s != "" {
		if r.imported, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return r, fmt.Errorf("%w: header %s", errRequest, importedHeader)
		}
	}
	var decidedOn civil.Date
	if s := h.Get(decidedHeader); s != "" {
		if decidedOn, err = civil.ParseDate(s); err != nil {
			return r, fmt.Errorf("%w: header %s", errRequest, decidedHeader)
		}
	}
	raw, err := log.DecodeBatch(data)
	if err != nil {
		return r, fmt.Errorf("%w: %w", errRequest, err)
	}
	r.batch = make([]*events.Event, len(raw))
	for i, b := range raw {
		if r.batch[i], err = events.Decode(b); err != nil {
			return r, fmt.Errorf("%w: event %d: %w", errRequest, i, err)
		}
		r.batch[i].DecidedOn = decidedOn
	}
	if s := h.Get(dryRunHeader); s != "" {
		r.dryRun = true
		if r.premises, err = strconv.Atoi(s); err != nil || r.premises < 0 || r.premises > len(r.batch) {
			return r, fmt.Errorf("%w: header %s", errRequest, dryRunHeader)
		}
	}
	return r, nil
}

// A Client submits events to the services over NATS. It is safe for concurrent use.
type Client struct{ nc *nats.Conn }

// NewClient makes a client that uses nc. The caller closes nc.
func NewClient(nc *nats.Conn) *Client { return &Client{nc} }

// Submit submits events of one family to its service, in as many requests as their
// size needs, and returns one receipt for each, in order. It fails with ErrBusy or
// [log.ErrUnavailable]. If Submit fails, earlier events of the batch may be in the log;
// they come back as duplicates when they are submitted again. All events of the batch have
// the same day of decision, since they are of one submission.
func (c *Client) Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	var receipts []events.Receipt
	var part [][]byte
	size := 0
	send := func() error {
		got, err := c.request(ctx, f, part, len(part), header(batch[0].DecidedOn, imported))
		receipts = append(receipts, got...)
		part, size = nil, 0
		return err
	}
	for _, e := range batch {
		raw, err := e.Append(nil)
		if err != nil {
			return receipts, err
		}
		if len(part) > 0 && size+len(raw) > maxRequest-2 {
			if err := send(); err != nil {
				return receipts, err
			}
		}
		part = append(part, raw)
		size += len(raw) + 2
	}
	if len(part) == 0 {
		return receipts, nil
	}
	return receipts, send()
}

// Try is [Handler.Try] of the service of a family. Premises and batch go in one
// request. If they are too large for one, Try fails with [ErrTooLarge].
func (c *Client) Try(ctx context.Context, f events.Family, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	all := make([][]byte, 0, len(premises)+len(batch))
	size := 2
	for _, e := range slices.Concat(premises, batch) {
		raw, err := e.Append(nil)
		if err != nil {
			return nil, err
		}
		if size += len(raw) + 2; size > maxRequest {
			return nil, ErrTooLarge
		}
		all = append(all, raw)
	}
	h := header(batch[0].DecidedOn, imported)
	h.Set(dryRunHeader, strconv.Itoa(len(premises)))
	return c.request(ctx, f, all, len(batch), h)
}

// header returns the headers of a request with the day of the decision and a recorded
// time, as far as they are not zero.
func header(decidedOn civil.Date, imported time.Time) nats.Header {
	h := nats.Header{}
	if decidedOn != 0 {
		h.Set(decidedHeader, decidedOn.String())
	}
	if !imported.IsZero() {
		h.Set(importedHeader, imported.UTC().Format(time.RFC3339Nano))
	}
	return h
}

// request sends one request and returns its receipts, of which there must be n.
func (c *Client) request(ctx context.Context, f events.Family, part [][]byte, n int, h nats.Header) ([]events.Receipt, error) {
	m := &nats.Msg{Subject: subject(f), Header: h, Data: log.EncodeBatch(part)}
	reply, err := c.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		if errors.Is(err, nats.ErrNoResponders) {
			return nil, fmt.Errorf("%w: no service %s answers; start one with muster serve %s", log.ErrUnavailable, f, f)
		}
		return nil, fmt.Errorf("%w: service %s: %w", log.ErrUnavailable, f, err)
	}
	switch reply.Header.Get(micro.ErrorCodeHeader) {
	case "":
	case codeBusy:
		return nil, ErrBusy
	case codeInvalid:
		return nil, fmt.Errorf("service %s: %s", f, reply.Header.Get(micro.ErrorHeader))
	default:
		return nil, fmt.Errorf("%w: service %s: %s", log.ErrUnavailable, f, reply.Header.Get(micro.ErrorHeader))
	}
	var receipts []events.Receipt
	if err := json.Unmarshal(reply.Data, &receipts); err != nil {
		return nil, fmt.Errorf("%w: service %s answered what is no list of receipts: %w", log.ErrUnavailable, f, err)
	}
	if len(receipts) != n {
		return nil, fmt.Errorf("%w: service %s answered %d receipts for %d events", log.ErrUnavailable, f, len(receipts), n)
	}
	return receipts, nil
}

// Local submits events to handlers of the same process, without the network. It must
// not be changed while it is in use.
type Local map[events.Family]*Handler

// Submit is [Client.Submit]. If no handler of the family is in l, Submit fails with
// [log.ErrUnavailable].
func (l Local) Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	h, ok := l[f]
	if !ok {
		return nil, fmt.Errorf("%w: no service %s runs here", log.ErrUnavailable, f)
	}
	return h.Submit(ctx, batch, imported)
}

// Try is [Client.Try] without a limit of size.
func (l Local) Try(ctx context.Context, f events.Family, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	h, ok := l[f]
	if !ok {
		return nil, fmt.Errorf("%w: no service %s runs here", log.ErrUnavailable, f)
	}
	return h.Try(ctx, premises, batch, imported)
}
