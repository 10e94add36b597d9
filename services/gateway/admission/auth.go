package admission

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/internal/access"
)

// An Auth recognises agencies and readers by the access list that is in force when
// they send a request. It is safe for concurrent use.
type Auth struct {
	list func() *access.List
	// Divisions, if it is set, says which divisions have taken the place of others.
	Divisions *editions.Register
}

// NewAuth returns an Auth that calls list for every request, so that a change of
// the access file counts from the next request on.
func NewAuth(list func() *access.List) *Auth { return &Auth{list: list} }

// holder returns the agency or reader whose token a request carries, or the
// [problem.Problem] that answers the request: 401 with the hint if there is no
// token or an unknown one, 401 if the token has ended, 403 if its holder is
// disabled.
func (a *Auth) holder(r *http.Request, hint events.Sentence) (access.Holder, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return access.Holder{}, problem.New(http.StatusUnauthorized, "", hint)
	}
	h, err := a.list().Token(token, time.Now())
	return h, denied(err, hint)
}

// Submitter returns the agency whose token an HTTP request carries, or the
// [problem.Problem] that answers the request. A reader may not submit: 403.
func (a *Auth) Submitter(r *http.Request) (Caller, error) {
	h, err := a.holder(r, events.Say("send Authorization: Bearer and the agency's token", "请在请求头Authorization: Bearer中提供本单位的令牌"))
	switch {
	case err != nil:
		return Caller{}, err
	case h.Reader != nil:
		return Caller{}, problem.New(http.StatusForbidden, NotEntitled, events.Say(
			"%s is a reader, who may ask and not submit; send an agency's token", "%s是查询用户，只能查询，不能报送；请使用单位的令牌", h.Reader.Name))
	}
	return callerOf(h.Agency, "token"), nil
}

// Publisher returns the agency with a name, or the [problem.Problem] that answers
// its request. The NATS server lets an agency publish only on the subject that ends
// in its name, so that the subject proves who published.
func (a *Auth) Publisher(name string) (Caller, error) {
	g, err := a.list().Agency(name)
	if err != nil {
		return Caller{}, denied(err, events.Say("no such agency is listed here", "名单中没有该单位"))
	}
	switch {
	case len(g.NKeys) > 0:
		return callerOf(g, "nkey"), nil
	case g.User != "":
		return callerOf(g, "user"), nil
	}
	return callerOf(g, "nats"), nil
}

// callerOf returns the caller for an entry of the access file.
func callerOf(a *access.Agency, authType string) Caller {
	c := Caller{
		Agency: a.Name, Prefix: division.Trim(a.Division), AuthType: authType,
		Record: a.Has(access.Record), Import: a.Has(access.Import), Reveal: a.Has(access.Reveal),
		Oversee: a.Has(access.Oversee), Inspect: a.Has(access.Inspect), Quota: a.Quota,
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
// request. A client whose token has ended is told so: its old token has proved
// who it is, and it needs to know that it must get another one.
func denied(err error, hint events.Sentence) error {
	var denial *access.Denial
	switch {
	case err == nil:
		return nil
	case errors.As(err, &denial) && denial.Ended.IsZero():
		return problem.New(http.StatusForbidden, NotEntitled, denial.Sentence())
	case errors.As(err, &denial):
		return problem.New(http.StatusUnauthorized, "", denial.Sentence())
	}
	return problem.New(http.StatusUnauthorized, "", hint)
}
