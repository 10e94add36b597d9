package gateway

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/access"
)

// Auth recognises who submits and who asks, by the access list that is in force
// when they do. It is safe for concurrent use.
type Auth struct{ list func() *access.List }

// NewAuth makes an Auth. It calls list for every request, so that a list that
// was replaced counts at once.
func NewAuth(list func() *access.List) *Auth { return &Auth{list} }

// holder returns whose token a request carries, or the [problem] that answers
// the request: 401 with the hint when there is no token that is known, 401 or
// 403 with the reason when the token or its holder counts no more.
func (a *Auth) holder(r *http.Request, hint string) (access.Holder, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return access.Holder{}, newProblem(http.StatusUnauthorized, "", hint)
	}
	h, err := a.list().Token(token, time.Now())
	return h, denied(err, hint)
}

// submitter returns the agency whose token a request carries, or the [problem]
// that answers the request.
func (a *Auth) submitter(r *http.Request) (Caller, error) {
	h, err := a.holder(r, "send Authorization: Bearer and the agency's token")
	switch {
	case err != nil:
		return Caller{}, err
	case h.Reader != nil:
		return Caller{}, newProblem(http.StatusForbidden, NotEntitled, h.Reader.Name+" is a reader, who may ask and not submit; send an agency's token")
	}
	return callerOf(h.Agency, "token"), nil
}

// publisher returns the agency that the NATS server let publish under its name,
// or the [problem] that answers the request.
func (a *Auth) publisher(name string) (Caller, error) {
	g, err := a.list().Agency(name)
	if err != nil {
		return Caller{}, denied(err, "no such agency is listed here")
	}
	switch {
	case len(g.NKeys) > 0:
		return callerOf(g, "nkey"), nil
	case g.User != "":
		return callerOf(g, "user"), nil
	}
	return callerOf(g, "nats"), nil
}

// callerOf returns the caller that an agency is.
func callerOf(a *access.Agency, authType string) Caller {
	c := Caller{
		Agency: a.Name, Prefix: division.Trim(a.Division), AuthType: authType,
		Record: a.Has(access.Record), Import: a.Has(access.Import), Reveal: a.Has(access.Reveal),
	}
	if a.Services != nil {
		c.Families = map[events.Family]bool{}
	}
	for _, f := range a.Services {
		c.Families[f] = true
	}
	return c
}

// denied turns an error of package access into the problem that answers a
// request. Whoever presents a token that has ended is told so: the token says
// who they are, and what they need is another one.
func denied(err error, hint string) error {
	var denial *access.Denial
	switch {
	case err == nil:
		return nil
	case errors.As(err, &denial) && denial.Ended.IsZero():
		return newProblem(http.StatusForbidden, NotEntitled, denial.Error())
	case errors.As(err, &denial):
		return newProblem(http.StatusUnauthorized, "", denial.Error())
	}
	return newProblem(http.StatusUnauthorized, "", hint)
}
