package query

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/table"
)

// An Origin says what an answer was made from.
type Origin struct {
	AsOf       civil.Date     `json:"as_of,omitzero"`
	KnownAt    time.Time      `json:"known_at,omitzero"`         // as asked, clipped to the head; the head's recorded time where left out
	Clipped    bool           `json:"known_at_clipped,omitzero"` // known_at lay beyond the head
	Position   log.Position   `json:"position"`                  // of the last commit that was known then; 0-0 is none
	Recorded   time.Time      `json:"recordedtime,omitzero"`     // of that commit
	State      string         `json:"state,omitzero"`            // hash of all that was made of the log up to that commit, see readmodel.State
	SetAside   []log.Position `json:"set_aside,omitempty"`       // events up to that commit that could not be read and are left out
	Stopped    string         `json:"stopped,omitzero"`          // why the projector reads no further; empty while it does
	Root       *string        `json:"root"`                      // of the log's Merkle tree; null where there is no notary
	Views      map[string]int `json:"views,omitzero"`            // versions, by name
	Generation string         `json:"generation"`
}

func (o *Origin) origin() *Origin { return o }

// An answer is one with an origin; it can be a table.
type answer interface {
	origin() *Origin
	// table returns a header and rows of the same length.
	table() (header []string, rows [][]string)
}

// problem is an error as RFC 9457 writes it.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code,omitzero"`
}

func (p *problem) Error() string { return p.Detail }

func bad(parameter, detail string) error {
	return &problem{http.StatusBadRequest, "Bad request", parameter + ": " + detail, "invalid_parameter"}
}

// serve makes a handler of a kind of question.
func (a *API) serve(k Question) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := a.ask(r, k)
		if err != nil {
			writeError(w, err)
			return
		}
		body, err := k.answer(a, q)
		if err != nil {
			writeError(w, err)
			return
		}
		*body.origin() = q.Origin
		write(w, r, body)
	})
}

// nowhere answers what is no question.
func nowhere(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		writeError(w, &problem{http.StatusMethodNotAllowed, "Method not allowed", "questions are asked with GET", "method_not_allowed"})
		return
	}
	writeError(w, &problem{http.StatusNotFound, "Not found", "there is no such question; /openapi.json lists them", "not_found"})
}

func write(w http.ResponseWriter, r *http.Request, body answer) {
	h := w.Header()
	h.Set("Vary", "Accept")
	if p, ok := body.(interface{ next() string }); ok && p.next() != "" {
		next := *r.URL
		params := next.Query()
		params.Set("cursor", p.next())
		next.RawQuery = params.Encode()
		h.Set("Link", "<"+next.RequestURI()+`>; rel="next"`)
	}
	switch accept := r.Header.Get("Accept"); {
	case strings.Contains(accept, "text/csv"):
		writeTable(w, body, "text/csv; charset=utf-8")
	case strings.Contains(accept, table.XLSX):
		writeTable(w, body, table.XLSX)
	default:
		h.Set("Content-Type", "application/json")
		_ = json.MarshalWrite(w, body, json.Deterministic(true))
	}
}

func writeError(w http.ResponseWriter, err error) {
	var p *problem
	switch {
	case errors.As(err, &p):
	case errors.Is(err, context.Canceled):
		return
	case errors.Is(err, readmodel.ErrUnknown):
		p = &problem{http.StatusNotFound, "Not found", "no event has named it", "not_found"}
	case errors.Is(err, readmodel.ErrUnavailable):
		// The error tells where the store is, which is nobody's business.
		p = &problem{http.StatusServiceUnavailable, "Unavailable", "the read model does not answer; ask again", "unavailable"}
	case errors.Is(err, readmodel.ErrNone), errors.Is(err, readmodel.ErrUnusable), errors.Is(err, log.ErrUnavailable):
		p = &problem{http.StatusServiceUnavailable, "Unavailable", err.Error(), "unavailable"}
	default:
		p = &problem{http.StatusInternalServerError, "Internal error", err.Error(), "internal"}
	}
	if p.Status >= http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p)
}
