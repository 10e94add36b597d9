package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/spool"
	"github.com/muster-works/muster/services/gateway/submission"
)

// serveStream takes a body of NDJSON. One goroutine reads lines, this one decides
// them, and the spool sends the receipts:
//
//	body ─► ReadLines ─► Queue ─► Submit ─► streamResponse ─► spool ─► client
func (g *Gateway) serveStream(w http.ResponseWriter, r *http.Request, s submission.Submission, imports bool) {
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex() // fails over HTTP/2 alone, which is full-duplex anyway
	queue, read, body := intake.NewQueue(), make(chan struct{}), newIdleBody(w, r.Body, g.bodyIdle)
	go func() {
		defer close(read)
		intake.ReadLines(body, imports, queue)
	}()
	response := &streamResponse{w: w, language: problem.LanguageOf(r), request: r, spoolDir: g.spoolDir, correlation: s.Correlation, hold: r.ContentLength >= 0}
	err := g.submitStream(r.Context(), s, queue, response)
	queue.Close()
	if err != nil {
		// The rest of the body is read for a moment, see discardBody. ReadLines must
		// have ended before this handler returns, because the body is invalid then.
		body.shorten(2 * time.Second)
		<-read
		discardBody(body)
		response.finish(g.problemFor(s, err))
		return
	}
	response.finish(nil)
}

// submitStream submits the groups of a stream until it ends or something fails.
func (g *Gateway) submitStream(ctx context.Context, s submission.Submission, queue *intake.Queue, response *streamResponse) error {
	for {
		group, err := queue.Take()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return brokenOff(err, g.bodyIdle)
		}
		receipts, err := g.submitGroup(ctx, s, group)
		if err := errors.Join(response.addReceipts(receipts), err); err != nil {
			return err
		}
	}
}

// submitGroup submits a group of a stream. The stream holds a place while the group is
// decided, and none while it is read: then nothing of it can be decided.
func (g *Gateway) submitGroup(ctx context.Context, s submission.Submission, group *intake.Group) ([]events.Receipt, error) {
	if err := g.door.Pace(ctx, s.Caller, len(group.Items), group.Size()); err != nil {
		return nil, err
	}
	if err := g.door.Wait(ctx, s.Caller, submission.Patience); err != nil {
		return nil, err
	}
	defer g.door.Free(s.Caller)
	return g.pipeline.Submit(ctx, s, group.Items, group.Recorded)
}

// A streamResponse is written while the receipts come. With hold it is written when
// the request was read, see [spool.New]. The status is open until the first receipt,
// so that a stream of which nothing could be decided is refused like any other body.
type streamResponse struct {
	w           http.ResponseWriter
	request     *http.Request
	language    events.Language
	spoolDir    string
	correlation string
	hold        bool
	spool       *spool.Spool // nil before the first receipt
}

func (r *streamResponse) writeHead() {
	r.w.Header().Set("Content-Type", "application/json")
	r.w.Header().Set(CorrelationHeader, r.correlation)
	r.w.Header().Set("Content-Language", string(r.language))
	r.w.WriteHeader(http.StatusOK)
	r.spool = spool.New(r.w, r.spoolDir, r.hold)
}

func (r *streamResponse) addReceipts(receipts []events.Receipt) error {
	if len(receipts) == 0 {
		return nil
	}
	b := []byte(",\n")
	if r.spool == nil {
		r.writeHead()
		b = []byte(`{"receipts":[`)
	}
	for i, receipt := range receipts {
		raw, err := json.Marshal(receipt.In(r.language))
		if err != nil {
			return err
		}
		if i > 0 {
			b = append(b, ",\n"...)
		}
		b = append(b, raw...)
	}
	_, err := r.spool.Write(b)
	return err
}

// finish completes the response, with the problem that ended the stream, if any. Errors
// of a client that is gone are ignored: it sends the submission again.
func (r *streamResponse) finish(p *problem.Problem) {
	if r.spool == nil {
		if p != nil {
			r.w.Header().Set(CorrelationHeader, r.correlation)
			p.Respond(r.w, r.request)
			return
		}
		r.writeHead()
		_, _ = r.spool.Write([]byte(`{"receipts":[`))
	}
	tail := []byte("]}\n")
	if p != nil {
		p = p.In(r.language)
		p.Receipts = nil
		if raw, err := json.Marshal(p); err == nil {
			tail = append(append([]byte(`],"problem":`), raw...), "}\n"...)
		}
	}
	_, _ = r.spool.Write(tail)
	_ = r.spool.Close()
}
