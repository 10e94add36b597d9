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
	"github.com/muster-works/muster/events/log"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// subject is where the service of a family takes events.
func subject(f events.Family) string { return "muster.svc." + string(f) }

const (
	// importedHeader carries the recorded time of an import.
	importedHeader = "Muster-Recorded"
	// trialHeader marks events that are to be tried, and says how many of
	// them, from the first, are premises.
	dryRunHeader = "Muster-Trial"
	// maxRequest keeps a request under the max_payload that servers have by
	// default.
	maxRequest = log.MaxBytes

	codeBusy        = "429"
	codeUnavailable = "503"
	codeInvalid     = "400"
)

// Serve registers the desk with NATS micro, so that `nats micro ls` shows it,
// and answers requests until the context ends or the connection is gone for
// good. Desks of one family in several processes share the work.
func Serve(ctx context.Context, nc *nats.Conn, d *Handler) error {
	done := make(chan struct{})
	svc, err := micro.AddService(nc, micro.Config{
		Name:        "muster-" + string(d.family),
		Version:     "1.0.0",
		Description: "decides the events of the family " + string(d.family),
		QueueGroup:  "muster-" + string(d.family),
		DoneHandler: func(micro.Service) { close(done) },
	})
	if err != nil {
		return fmt.Errorf("register %s: %w", d.family, err)
	}
	handler := micro.HandlerFunc(func(r micro.Request) { go answerRequest(ctx, d, r) })
	if err := svc.AddEndpoint("submit", handler, micro.WithEndpointSubject(subject(d.family))); err != nil {
		return fmt.Errorf("register %s: %w", d.family, err)
	}
	select {
	case <-ctx.Done():
		return svc.Stop()
	case <-done:
		return fmt.Errorf("service %s was stopped by its connection: %w", d.family, log.ErrUnavailable)
	}
}

func answerRequest(ctx context.Context, d *Handler, r micro.Request) {
	receipts, err := submitted(ctx, d, r)
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
		// A failed answer is the connection's loss: the gateway times out and
		// the agency submits again.
		_ = r.Respond(body)
	}
}

var errRequest = errors.New("desk: malformed request")

func submitted(ctx context.Context, d *Handler, m micro.Request) ([]events.Receipt, error) {
	r, err := read(m.Headers(), m.Data())
	switch {
	case err != nil:
		return nil, err
	case r.dryRun:
		return d.Try(ctx, r.batch[:r.premises], r.batch[r.premises:], r.imported)
	}
	return d.Submit(ctx, r.batch, r.imported)
}

// An asking is what a desk is asked over NATS.
type handlerRequest struct {
	batch    []*events.Event
	imported time.Time
	dryRun   bool
	premises int // of a trial: how many of the batch, from the first
}

func read(h micro.Headers, data []byte) (r handlerRequest, err error) {
	if s := h.Get(importedHeader); s != "" {
		if r.imported, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return r, fmt.Errorf("%w: header %s", errRequest, importedHeader)
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
	}
	if s := h.Get(dryRunHeader); s != "" {
		r.dryRun = true
		if r.premises, err = strconv.Atoi(s); err != nil || r.premises < 0 || r.premises > len(r.batch) {
			return r, fmt.Errorf("%w: header %s", errRequest, dryRunHeader)
		}
	}
	return r, nil
}

// A Client hands events to the services over NATS. It is safe for concurrent
// use.
type Client struct{ nc *nats.Conn }

// NewClient makes a client.
func NewClient(nc *nats.Conn) *Client { return &Client{nc} }

// Submit hands events of one family to its service, in as many requests as
// their size asks for, and returns a receipt each, in order. It fails with
// ErrBusy, [log.ErrUnavailable] or the context's error; earlier events of the
// batch may be in the log then, and come back as duplicates when submitted
// again.
func (c *Client) Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	var receipts []events.Receipt
	var part [][]byte
	size := 0
	send := func() error {
		got, err := c.request(ctx, f, part, len(part), header(imported))
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

// Try asks the service of a family what [Desk.Try] answers. Premises and batch
// go in one request; when they are too large for one, it fails with
// [ErrTooLarge].
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
	h := header(imported)
	h.Set(dryRunHeader, strconv.Itoa(len(premises)))
	return c.request(ctx, f, all, len(batch), h)
}

func header(imported time.Time) nats.Header {
	h := nats.Header{}
	if !imported.IsZero() {
		h.Set(importedHeader, imported.UTC().Format(time.RFC3339Nano))
	}
	return h
}

// request sends events and returns the receipts, which are to be n.
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
	if err := json.Unmarshal(reply.Data, &receipts); err != nil || len(receipts) != n {
		return nil, fmt.Errorf("%w: service %s answered %d receipts for %d events: %v", log.ErrUnavailable, f, len(receipts), n, err)
	}
	return receipts, nil
}

// Local hands events to desks of the same process, without a detour over the
// network.
type Local map[events.Family]*Handler

// Submit is [Client.Submit].
func (l Local) Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	d, ok := l[f]
	if !ok {
		return nil, fmt.Errorf("%w: no service %s runs here", log.ErrUnavailable, f)
	}
	return d.Submit(ctx, batch, imported)
}

// Try is [Client.Try], of any size.
func (l Local) Try(ctx context.Context, f events.Family, premises, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	d, ok := l[f]
	if !ok {
		return nil, fmt.Errorf("%w: no service %s runs here", log.ErrUnavailable, f)
	}
	return d.Try(ctx, premises, batch, imported)
}
