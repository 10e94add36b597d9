// Package problem holds the answer to a request that fails as a whole: a
// problem document, as RFC 9457 defines it. Over HTTP the document is the body
// of an error response, over NATS it is the payload of an error reply.
//
// An event that is refused is not a problem. It is answered with a rejected
// receipt among the receipts of its request.
package problem

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// The codes of requests that fail through no fault of the agency's.
const (
	Busy        events.Code = "busy"        // of a whole request: too many are under way; send it again after Retry-After
	Unavailable events.Code = "unavailable" // of a whole request: a service or the log does not answer; send it again
	Internal    events.Code = "internal"    // of a whole request: the engine failed; tell its operator the correlation
)

// A Problem answers a request as a whole. It is an error, so that the functions
// that find out what is wrong with a request can return it.
type Problem struct {
	Type     string           `json:"type"`
	Title    string           `json:"title"`
	Status   int              `json:"status"`
	Detail   string           `json:"detail"`
	Code     events.Code      `json:"code,omitzero"`
	Receipts []events.Receipt `json:"receipts,omitempty"` // of what was decided before, or refuses the body as one event

	chinese    string // Detail in Chinese
	retryAfter int    // seconds that the header Retry-After says; 0 is 1
}

// New returns a problem with an HTTP status. The code is empty if the status
// alone says what is wrong. The sentence says what would mend the request. The
// detail of the problem is the English form of the sentence, until [Problem.In]
// chooses.
//
// A problem with the status 400 or 413 has one rejected receipt: a client that
// sent one event finds the refusal where it looks for receipts.
func New(status int, code events.Code, s events.Sentence) *Problem {
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: s.EN, Code: code, chinese: s.ZH}
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		p.Receipts = []events.Receipt{{Status: events.Rejected, Reasons: events.Refusal(code, "", s)}}
	}
	return p
}

// FromError returns the problem that err is or wraps. Any other error becomes a problem
// with the status 500, which says nothing of the error: what went wrong inside of
// the engine concerns its operator alone.
func FromError(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return New(http.StatusInternalServerError, Internal, events.Say(
		"the engine failed; its operator finds the cause under the correlation id of this answer",
		"系统内部出错；请将本回复的关联编号告知系统管理员，以便查明原因"))
}

// Error returns the title and the detail.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// RetryAfter sets after how long a client may send the request again, and returns p.
// The header Retry-After says it in whole seconds. The default is one second.
func (p *Problem) RetryAfter(d time.Duration) *Problem {
	p.retryAfter = int((d + time.Second - 1) / time.Second)
	return p
}

// In returns the problem, and its receipts, in one language. It leaves p as it is.
func (p *Problem) In(l events.Language) *Problem {
	q := *p
	q.Detail = events.Sentence{EN: p.Detail, ZH: p.chinese}.In(l)
	q.Receipts = nil
	for _, r := range p.Receipts {
		q.Receipts = append(q.Receipts, r.In(l))
	}
	return &q
}

// Respond writes the problem as the response to a request, with the headers that
// belong to its status, in the language that the request asks for with
// Accept-Language. A client that is gone is not an error.
func (p *Problem) Respond(w http.ResponseWriter, r *http.Request) {
	l := LanguageOf(r)
	h := w.Header()
	h.Set("Content-Language", string(l))
	h.Set("Content-Type", "application/problem+json")
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(max(p.retryAfter, 1)))
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="muster"`)
	}
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p.In(l))
}

// LanguageOf returns the language in which an HTTP request wants its answer.
func LanguageOf(r *http.Request) events.Language {
	return events.AcceptLanguage(r.Header.Values("Accept-Language")...)
}
