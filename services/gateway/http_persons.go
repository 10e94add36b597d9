package gateway

import (
	"context"
	"errors"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/gateway/pseudonym"
	"github.com/muster-works/muster/services/gateway/submission"
)

// maxPersonBody bounds the body of a request about one person, in bytes.
const maxPersonBody = 64 << 10

// What can be asked of the vault about one person, whose pseudonym is in the
// path. Refusals are application/problem+json: 400 something in the request is
// wrong, 403 not_entitled, 404 unknown_person, 409 in_place.
type (
	erasure struct {
		Reason string `json:"reason"`
	}
	revealing struct {
		Fields  []string `json:"fields"`
		Texts   []string `json:"texts"` // sealed ones of events, as the trail shows them
		Purpose string   `json:"purpose"`
	}
)

func (g *Gateway) serveErasure(w http.ResponseWriter, r *http.Request) {
	var body erasure
	g.servePerson(w, r, &body, func(ctx context.Context, c admission.Caller, p events.Person) (any, error) {
		return g.Erase(ctx, c, p, body.Reason)
	})
}

func (g *Gateway) serveRevealing(w http.ResponseWriter, r *http.Request) {
	var body revealing
	g.servePerson(w, r, &body, func(ctx context.Context, c admission.Caller, p events.Person) (any, error) {
		return g.Reveal(ctx, c, p, Wish(body))
	})
}

// servePerson decodes the body of a request about one person, has it carried out,
// and writes what that returns.
func (g *Gateway) servePerson(w http.ResponseWriter, r *http.Request, body any, do func(context.Context, admission.Caller, events.Person) (any, error)) {
	c, err := g.authenticate(r)
	if err == nil {
		err = g.door.Open(c)
	}
	if err != nil {
		problemOf(err).Respond(w, r)
		return
	}
	defer g.door.Close(c)
	r.Body = newIdleBody(w, r.Body, g.bodyIdle)
	p, err := readPersonRequest(r, body)
	if err == nil {
		err = g.door.Take(c)
	}
	var answer any
	if err == nil {
		defer g.door.Free(c)
		answer, err = do(r.Context(), c, p)
	}
	if err != nil {
		g.problemFor(submission.New(c, 0), asProblem(err)).Respond(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, answer)
}

// readPersonRequest reads the pseudonym in the path and the body. It insists on the
// content type application/json: a browser asks the server before it lets a foreign
// page send that, so that no page can erase somebody behind an operator's back.
func readPersonRequest(r *http.Request, body any) (events.Person, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return events.Person{}, problem.New(http.StatusUnsupportedMediaType, "", events.Say("Content-Type must be application/json", "Content-Type须为application/json"))
	}
	p, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return events.Person{}, events.Refusal(events.Invalid, "person", events.Say("must be the pseudonym of a person, as receipts show it", "须为回执中给出的人员代号"))
	}
	if err := json.UnmarshalRead(http.MaxBytesReader(nil, r.Body, maxPersonBody), body, json.RejectUnknownMembers(true)); err != nil {
		return events.Person{}, events.Refusal(events.Malformed, "", events.Say("the body is not the JSON object that is wanted here", "请求体不是此处要求的JSON对象"))
	}
	return p, nil
}

// asProblem turns [events.Reasons] into the problem that answers the whole request,
// and leaves any other error as it is.
func asProblem(err error) error {
	var reasons events.Reasons
	if !errors.As(err, &reasons) || len(reasons) == 0 {
		return err
	}
	status := http.StatusBadRequest
	switch reasons[0].Code {
	case admission.NotEntitled:
		status = http.StatusForbidden
	case pseudonym.UnknownPerson:
		status = http.StatusNotFound
	case InPlace:
		status = http.StatusConflict
	default: // the others need nothing here
	}
	said := events.Sentence{EN: reasons[0].Detail, ZH: reasons[0].DetailZH}
	if f := reasons[0].Field; f != "" {
		said = events.Say("%s %s", "%s%s", f, said)
	}
	p := problem.New(status, reasons[0].Code, said)
	p.Receipts = nil // the request had no events
	return p
}
