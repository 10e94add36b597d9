package gateway

import (
	"context"
	"errors"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
)

// maxWish bounds the body of a request about one person.
const maxWish = 64 << 10

// What can be asked of the vault about one person, whose pseudonym is in the
// path. Refusals are application/problem+json: 400 something in the request is
// wrong, 403 not_entitled, 404 unknown_person, 409 in_place.
type (
	erasure struct {
		Reason string `json:"reason"`
	}
	revealing struct {
		Fields  []string `json:"fields"`
		Purpose string   `json:"purpose"`
	}
)

func (g *Gateway) serveErasure(w http.ResponseWriter, r *http.Request) {
	var wish erasure
	g.person(w, r, &wish, func(ctx context.Context, c Caller, p events.Person) (any, error) {
		return g.Erase(ctx, c, p, wish.Reason)
	})
}

func (g *Gateway) serveRevealing(w http.ResponseWriter, r *http.Request) {
	var wish revealing
	g.person(w, r, &wish, func(ctx context.Context, c Caller, p events.Person) (any, error) {
		return g.Reveal(ctx, c, p, wish.Fields, wish.Purpose)
	})
}

// person answers one request about one person.
func (g *Gateway) person(w http.ResponseWriter, r *http.Request, wish any, do func(context.Context, Caller, events.Person) (any, error)) {
	c, err := g.caller(r)
	if err == nil && !g.enter() {
		err = newProblem(http.StatusTooManyRequests, Busy, "too many requests are under way; ask again in a second")
	}
	if err != nil {
		problemOf(err).write(w)
		return
	}
	defer g.leave()
	p, err := wished(r, wish)
	var answer any
	if err == nil {
		answer, err = do(r.Context(), c, p)
	}
	if err != nil {
		g.failed(newSubmission(c, 0), refusal(err)).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, answer)
}

// wished reads a request. A page in a browser cannot send that content type
// anywhere without being asked first whether it may.
func wished(r *http.Request, wish any) (events.Person, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return events.Person{}, newProblem(http.StatusUnsupportedMediaType, "", "Content-Type must be application/json")
	}
	p, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return events.Person{}, events.Refuse(events.Invalid, "person", "must be the pseudonym of a person, as receipts show it")
	}
	if err := json.UnmarshalRead(http.MaxBytesReader(nil, r.Body, maxWish), wish, json.RejectUnknownMembers(true)); err != nil {
		return events.Person{}, events.Refuse(events.Malformed, "", "the body is not the JSON object that is wanted here")
	}
	return p, nil
}

// refusal turns reasons into the problem that answers the whole request.
func refusal(err error) error {
	var reasons events.Reasons
	if !errors.As(err, &reasons) || len(reasons) == 0 {
		return err
	}
	status := http.StatusBadRequest
	switch reasons[0].Code {
	case NotEntitled:
		status = http.StatusForbidden
	case UnknownPerson:
		status = http.StatusNotFound
	case InPlace:
		status = http.StatusConflict
	}
	p := newProblem(status, reasons[0].Code, reasons[0].Detail)
	if f := reasons[0].Field; f != "" {
		p.Detail = f + " " + p.Detail
	}
	p.Receipts = nil
	return p
}
