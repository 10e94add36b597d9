package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/command"
)

// The codes of requests that fail through no fault of the agency's.
const (
	Busy        events.Code = "busy"        // of a whole request: too many are under way; send it again after Retry-After
	Unavailable events.Code = "unavailable" // of a whole request: a service or the log does not answer; send it again
	Internal    events.Code = "internal"    // of a whole request: the engine failed; tell its operator the correlation
)

// A problem answers a request as a whole (RFC 9457).
type problem struct {
	Type     string           `json:"type"`
	Title    string           `json:"title"`
	Status   int              `json:"status"`
	Detail   string           `json:"detail"`
	Code     events.Code      `json:"code,omitzero"`
	Receipts []events.Receipt `json:"receipts,omitempty"` // of what was decided before, or refuses the body as one event
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func newProblem(status int, code events.Code, detail string) *problem {
	p := &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		p.Receipts = []events.Receipt{{Status: events.Rejected, Reasons: events.Refuse(code, "", detail)}}
	}
	return p
}

// problemOf says what a failed submission is to the agency. What went wrong
// behind the door is not its business, beyond when to come back.
func problemOf(err error) *problem {
	var p *problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, errOutboxFull):
		return newProblem(http.StatusRequestEntityTooLarge, events.TooLarge, "too many receipts wait; read them while sending, or send parts")
	case errors.Is(err, command.ErrTooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, events.TooLarge, "a dry run of this deployment has at most 1 MiB; try parts, of which each sees its own events alone")
	case errors.Is(err, command.ErrBusy):
		return newProblem(http.StatusTooManyRequests, Busy, "the service is busy; send all of it again in a second, what was taken comes back as duplicate")
	case errors.Is(err, log.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, Unavailable, "a service or the log does not answer; send all of it again, what was taken comes back as duplicate")
	}
	return newProblem(http.StatusInternalServerError, Internal, "the engine failed; its operator finds the cause under the correlation id of this answer")
}

func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="muster"`)
	}
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p) // a client that is gone has no use for it
}
