package question

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
)

// A Problem is an error as RFC 9457 writes it.
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code,omitzero"` // stable

	chinese string // Detail in Chinese
}

// newProblem returns a Problem, whose detail is in English until WriteError chooses.
func newProblem(status int, title, code string, s events.Sentence) *Problem {
	return &Problem{status, title, s.EN, code, s.ZH}
}

// Error returns the detail in English.
func (p *Problem) Error() string { return p.Detail }

// InvalidParameter returns the Problem of a parameter that is wrong. The detail names
// it; s says what would mend it.
func InvalidParameter(name string, s events.Sentence) error {
	return newProblem(http.StatusBadRequest, "Bad request", "invalid_parameter", events.Say("%s: %s", "%s：%s", name, s))
}

// NotFound returns the Problem of something that does not exist.
func NotFound(s events.Sentence) error {
	return newProblem(http.StatusNotFound, "Not found", "not_found", s)
}

// NoQuestion answers every request that is no question.
func NoQuestion(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		WriteError(w, r, newProblem(http.StatusMethodNotAllowed, "Method not allowed", "method_not_allowed",
			events.Say("questions are asked with GET", "查询请用GET方法")))
		return
	}
	WriteError(w, r, NotFound(events.Say("there is no such question; /openapi.json lists them", "没有这个查询；可查的内容见/openapi.json")))
}

// WriteError writes an error as a Problem, in the language that the request asks for with
// Accept-Language. A request that was given up is not answered.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && !errors.As(err, new(*Problem)) {
		return
	}
	p, language := *problemOf(err), events.AcceptLanguage(r.Header.Values("Accept-Language")...)
	p.Detail = events.Sentence{EN: p.Detail, ZH: p.chinese}.In(language)
	w.Header().Set("Content-Language", string(language))
	if p.Status >= http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, &p)
}

func problemOf(err error) (p *Problem) {
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, readmodel.ErrUnknown):
		return newProblem(http.StatusNotFound, "Not found", "not_found", events.Say("no event has named it", "没有任何事件提到过它"))
	case errors.Is(err, readmodel.ErrUnavailable):
		// The error tells where the store is, which the reader need not know.
		return newProblem(http.StatusServiceUnavailable, "Unavailable", "unavailable",
			events.Say("the read model does not answer; ask again", "读模型没有应答；请重新查询"))
	case errors.Is(err, readmodel.ErrNone), errors.Is(err, readmodel.ErrUnusable), errors.Is(err, log.ErrUnavailable):
		return newProblem(http.StatusServiceUnavailable, "Unavailable", "unavailable", events.Say("%s", "暂时无法查询（%s）", err.Error()))
	}
	return newProblem(http.StatusInternalServerError, "Internal error", "internal", events.Say("%s", "系统内部出错（%s）", err.Error()))
}
