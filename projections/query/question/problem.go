package question

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
)

// A Problem is an error as RFC 9457 writes it.
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code,omitzero"` // stable
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// InvalidParameter returns the Problem of a parameter that is wrong. The detail names
// it; detail says what would mend it.
func InvalidParameter(name, detail string) error {
	return &Problem{http.StatusBadRequest, "Bad request", name + ": " + detail, "invalid_parameter"}
}

// NotFound returns the Problem of something that does not exist.
func NotFound(detail string) error {
	return &Problem{http.StatusNotFound, "Not found", detail, "not_found"}
}

// NoQuestion answers every request that is no question.
func NoQuestion(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		WriteError(w, &Problem{http.StatusMethodNotAllowed, "Method not allowed", "questions are asked with GET", "method_not_allowed"})
		return
	}
	WriteError(w, NotFound("there is no such question; /openapi.json lists them"))
}

// WriteError writes an error as a Problem. A request that was given up is not answered.
func WriteError(w http.ResponseWriter, err error) {
	if errors.Is(err, context.Canceled) && !errors.As(err, new(*Problem)) {
		return
	}
	p := problemOf(err)
	if p.Status >= http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p)
}

func problemOf(err error) (p *Problem) {
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, readmodel.ErrUnknown):
		return &Problem{http.StatusNotFound, "Not found", "no event has named it", "not_found"}
	case errors.Is(err, readmodel.ErrUnavailable):
		// The error tells where the store is, which the reader need not know.
		return &Problem{http.StatusServiceUnavailable, "Unavailable", "the read model does not answer; ask again", "unavailable"}
	case errors.Is(err, readmodel.ErrNone), errors.Is(err, readmodel.ErrUnusable), errors.Is(err, log.ErrUnavailable):
		return &Problem{http.StatusServiceUnavailable, "Unavailable", err.Error(), "unavailable"}
	}
	return &Problem{http.StatusInternalServerError, "Internal error", err.Error(), "internal"}
}
