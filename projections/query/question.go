package query

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
)

const (
	// patience is how long at_least waits.
	patience = 5 * time.Second
	// glance is how often it looks.
	glance = 10 * time.Millisecond

	defaultLimit = 100
	maxLimit     = 1000
)

// An Origin says what an answer was made from.
type Origin struct {
	AsOf       civil.Date   `json:"as_of,omitzero"`
	KnownAt    time.Time    `json:"known_at"`                  // as asked, clipped to the head; the head's recorded time where left out
	Clipped    bool         `json:"known_at_clipped,omitzero"` // known_at lay beyond the head
	Position   log.Position `json:"position"`                  // of the last commit that was known then
	Recorded   time.Time    `json:"recordedtime"`              // of that commit
	Root       *string      `json:"root"`                      // of the log's Merkle tree; null where there is no notary
	View       string       `json:"view,omitzero"`
	Version    int          `json:"view_version,omitzero"`
	Generation string       `json:"generation"`
}

// A question is what every request may ask.
type question struct {
	Origin
	ctx      context.Context
	model    *readmodel.Reader
	meta     readmodel.Meta // the head
	known    uint64         // ordinal of the last commit known
	division string         // prefix
	params   url.Values
	path     func(string) string
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

// tabular is an answer that can be a table.
type tabular interface {
	// table returns a header and rows of the same length.
	table() (header []string, rows [][]string)
}

// serve makes a handler of a question. extra are the parameters it takes
// beside the common ones.
func (a *API) serve(answer func(*question) (any, error), extra ...string) http.Handler {
	allowed := append([]string{"as_of", "known_at", "at_least", "division"}, extra...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := a.ask(r, allowed)
		var body any
		if err == nil {
			body, err = answer(q)
		}
		if err != nil {
			writeError(w, err)
			return
		}
		write(w, r, body)
	})
}

// ask reads the common parameters and takes the commit that the answer is of.
func (a *API) ask(r *http.Request, allowed []string) (*question, error) {
	q := &question{ctx: r.Context(), params: r.URL.Query(), path: r.PathValue}
	for name := range q.params {
		if !slices.Contains(allowed, name) {
			return nil, bad(name, "is not a parameter of this question; it takes "+strings.Join(allowed, ", "))
		}
		if len(q.params[name]) > 1 {
			return nil, bad(name, "stands twice")
		}
	}
	prefix, err := division.ParsePrefix(q.params.Get("division"))
	if err != nil {
		return nil, bad("division", "want a prefix of 2, 4, 6 or 9 digits, or all 12")
	}
	q.division = prefix
	if q.AsOf, err = q.date("as_of"); err != nil {
		return nil, err
	}
	if q.AsOf == 0 {
		q.AsOf = civil.DateIn(a.Now(), a.Zone)
	}
	if err := a.wait(q); err != nil {
		return nil, err
	}
	q.known, q.KnownAt = q.meta.Ord, q.meta.Recorded
	q.Position, q.Recorded, q.Generation = q.meta.Position, q.meta.Recorded, q.meta.Generation
	return q, a.resolveKnown(q)
}

func (q *question) date(name string) (civil.Date, error) {
	s := q.params.Get(name)
	if s == "" {
		return 0, nil
	}
	d, err := civil.ParseDate(s)
	if err != nil {
		return 0, bad(name, "want a date that exists, as YYYY-MM-DD")
	}
	return d, nil
}

// wait takes the read model's head, once it shows at_least.
func (a *API) wait(q *question) error {
	var least log.Position
	if s := q.params.Get("at_least"); s != "" {
		p, err := log.ParsePosition(s)
		if err != nil {
			return bad("at_least", "want a position as a receipt shows it, such as 17-0")
		}
		least = p
	}
	ctx, cancel := context.WithTimeout(q.ctx, patience)
	defer cancel()
	for {
		model, err := a.Model.Reader(ctx)
		if err == nil {
			q.model = model
			if q.meta, err = model.Meta(ctx); err == nil && q.meta.Position.Commit().Compare(least.Commit()) >= 0 {
				return nil
			}
		}
		if err != nil && !errors.Is(err, readmodel.ErrNone) && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			if q.ctx.Err() != nil {
				return q.ctx.Err()
			}
			return &problem{http.StatusServiceUnavailable, "Not yet visible",
				fmt.Sprintf("the views have not reached %s within %v; the event is safe, ask again", least, patience), "not_yet_visible"}
		case <-time.After(glance):
		}
	}
}

// resolveKnown turns known_at into the last commit recorded by then.
func (a *API) resolveKnown(q *question) error {
	s := q.params.Get("known_at")
	if s == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		d, bare := civil.ParseDate(s)
		if bare != nil {
			return bad("known_at", "want an instant as 2022-06-20T10:00:00+08:00 (write + as %2B in a URL), or a date, which is its end")
		}
		t = (d + 1).Start(a.Zone).Add(-time.Nanosecond)
	}
	if t.After(q.meta.Recorded) {
		q.Clipped = true
		return nil
	}
	c, err := q.model.ResolveKnown(q.ctx, t)
	if err != nil {
		return err
	}
	q.known, q.KnownAt, q.Position, q.Recorded = c.Ord, t, c.Position, c.Recorded
	return nil
}

// page reads limit and cursor. A cursor is the number of items to leave out.
func (q *question) page() (skip, limit int, err error) {
	limit = defaultLimit
	if s := q.params.Get("limit"); s != "" {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > maxLimit {
			return 0, 0, bad("limit", fmt.Sprintf("want a number from 1 to %d", maxLimit))
		}
	}
	if s := q.params.Get("cursor"); s != "" {
		if skip, err = strconv.Atoi(s); err != nil || skip < 0 {
			return 0, 0, bad("cursor", "want the value of next in the answer before")
		}
	}
	return skip, limit, nil
}

// next is the cursor after a page, empty when all was shown.
func next(skip, shown, total int) string {
	if skip+shown < total {
		return strconv.Itoa(skip + shown)
	}
	return ""
}

func write(w http.ResponseWriter, r *http.Request, body any) {
	w.Header().Set("Vary", "Accept")
	if t, ok := body.(tabular); ok && strings.Contains(r.Header.Get("Accept"), "text/csv") {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		header, rows := t.table()
		out := csv.NewWriter(w)
		_ = out.Write(header)
		_ = out.WriteAll(rows) // a reader that left is no error of ours
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, body)
}

func writeError(w http.ResponseWriter, err error) {
	var p *problem
	switch {
	case errors.As(err, &p):
	case errors.Is(err, context.Canceled):
		return
	case errors.Is(err, readmodel.ErrUnknown):
		p = &problem{http.StatusNotFound, "Not found", "no event has named it", "not_found"}
	case errors.Is(err, log.ErrUnavailable), errors.Is(err, readmodel.ErrNone):
		p = &problem{http.StatusServiceUnavailable, "Unavailable", err.Error(), "unavailable"}
	default:
		p = &problem{http.StatusInternalServerError, "Internal error", err.Error(), "internal"}
	}
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p)
}
