package query

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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
)

// A Question is a kind of question: GET /v1/ and its path, which may hold an
// {id}.
type Question struct {
	Path       string
	answer     func(*API, *question) (answer, error)
	parameters string // beside at_least, which all take
	// Answer is a pointer to nothing of what is answered.
	Answer any
}

// Parameters lists the parameters that the question takes.
func (k Question) Parameters() []string { return append(strings.Fields(k.parameters), "at_least") }

// A question is one request.
type question struct {
	Origin
	ctx      context.Context
	model    *readmodel.Reader
	meta     readmodel.Meta // the head
	known    uint64         // ordinal of the last commit known
	division string         // prefix
	params   url.Values
	path     func(string) string
	page     page
}

// ask reads the common parameters and takes the commit that the answer is of.
func (a *API) ask(r *http.Request, k Question) (*question, error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("query", err.Error()+"; write what is not a letter or digit as % and two hexadecimal digits")
	}
	q := &question{ctx: r.Context(), params: params, path: r.PathValue}
	takes := k.Parameters()
	for name, values := range params {
		switch {
		case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "":
			// It may be no text at all, or say who somebody is.
			return nil, bad("query", "holds the name of no parameter; this question takes "+strings.Join(takes, ", "))
		case !slices.Contains(takes, name):
			return nil, bad(name, "is not a parameter of this question; it takes "+strings.Join(takes, ", "))
		case len(values) > 1:
			return nil, bad(name, "stands twice")
		}
	}
	if q.division, err = division.ParsePrefix(params.Get("division")); err != nil {
		return nil, bad("division", "want a prefix of 2, 4, 6 or 9 digits, or all 12")
	}
	if q.AsOf, err = q.date("as_of"); err != nil {
		return nil, err
	}
	if q.AsOf == 0 && slices.Contains(takes, "as_of") {
		q.AsOf = civil.DateIn(a.Now(), a.Zone)
	}
	usual, most := defaultLimit, maxLimit
	if slices.Contains(takes, "by") {
		usual, most = maxFigures, maxFigures
	}
	if err := q.readPage(usual, most); err != nil {
		return nil, err
	}
	if err := a.wait(q); err != nil {
		return nil, err
	}
	q.Generation, q.Stopped = q.meta.Generation, q.meta.Stopped
	q.knows(q.meta.Commit)
	q.KnownAt = q.meta.Recorded
	if err := a.resolveKnown(q); err != nil {
		return nil, err
	}
	return q, q.turn()
}

// knows makes c the commit that the answer is of.
func (q *question) knows(c readmodel.Commit) {
	q.known, q.Position, q.Recorded, q.State = c.Ord, c.Position, c.Recorded, c.State.String()
	q.SetAside = nil
	for _, s := range q.meta.SetAside {
		if s.Event.Ord() <= c.Ord {
			q.SetAside = append(q.SetAside, s.Position)
		}
	}
}

// unreadable returns all events that were set aside, whenever.
func (q *question) unreadable() (all []log.Position) {
	for _, s := range q.meta.SetAside {
		all = append(all, s.Position)
	}
	return all
}

// uses notes that the answer is made from a view.
func (q *question) uses(view string) error {
	version, ok := q.meta.Views[view]
	if !ok {
		return fmt.Errorf("%w: it has no view %s", readmodel.ErrUnusable, view)
	}
	if q.Views == nil {
		q.Views = map[string]int{}
	}
	q.Views[view] = version
	return nil
}

func (q *question) date(name string) (civil.Date, error) {
	s := q.params.Get(name)
	if s == "" {
		return 0, nil
	}
	d, err := civil.ParseDate(s)
	if err != nil {
		return 0, bad(name, "want a date that exists, as YYYY-MM-DD, in the years 1900 to 2199")
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
		least = p.Commit()
	}
	ctx, cancel := context.WithTimeout(q.ctx, patience)
	defer cancel()
	for {
		model, err := a.Model.Reader(ctx)
		if err == nil {
			q.model = model
			q.meta, err = model.Meta(ctx)
		}
		switch {
		case err == nil && q.meta.Position.Compare(least) >= 0:
			return nil
		case err != nil && !errors.Is(err, readmodel.ErrNone) && ctx.Err() == nil:
			return err
		}
		select {
		case <-ctx.Done():
			return q.impatient(err, least)
		case <-time.After(glance):
		}
	}
}

// impatient is what to say when the time to wait is over.
func (q *question) impatient(err error, least log.Position) error {
	switch {
	case q.ctx.Err() != nil:
		return q.ctx.Err()
	case errors.Is(err, readmodel.ErrNone):
		return err
	}
	return &problem{http.StatusGatewayTimeout, "Not yet visible",
		fmt.Sprintf("at_least: the views have not reached %s within %v; an event with a receipt is safe, ask again", least, patience), "not_yet_visible"}
}

// resolveKnown turns known_at into the last commit recorded by then.
func (a *API) resolveKnown(q *question) error {
	s := q.params.Get("known_at")
	if s == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if d, bare := civil.ParseDate(s); bare == nil {
		t, err = (d + 1).Start(a.Zone).Add(-time.Nanosecond), nil
	}
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return bad("known_at", "want an instant as 2022-06-20T10:00:00+08:00 (write + as %2B in a URL), or a date, which is its end, in the years 1900 to 2199")
	}
	if t.After(q.meta.Recorded) {
		q.Clipped = true
		return nil
	}
	c, err := q.model.ResolveKnown(q.ctx, t)
	if err != nil {
		return err
	}
	q.knows(c)
	q.KnownAt = t
	return nil
}
