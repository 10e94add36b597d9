package admission

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/gateway/problem"
	"github.com/muster-works/muster/services/internal/access"
)

// Guard returns a handler that passes on to next the requests that the holder of
// their token may make. The token may be an agency's or a reader's.
//
// A holder for all divisions may ask every question. Any other holder may ask the
// questions that name a division under its own; trails and the questions about
// the whole deployment cannot name one. A request that is not a GET changes
// something and takes an operator: an agency with the right to import, or a
// reader with the role operator.
func (a *Auth) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, err := a.holder(r, events.Say("send Authorization: Bearer and a token", "请在请求头Authorization: Bearer中提供令牌"))
		if err == nil {
			err = a.mayAsk(h, r)
		}
		if err != nil {
			problem.FromError(err).Respond(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// deploymentPaths lists the paths whose answers are about the whole deployment,
// whatever division the question names.
var deploymentPaths = []string{"/metrics", "/v1/services"}

// mayAsk returns nil if a holder may make a request, and otherwise the
// [problem.Problem] that answers it.
func (a *Auth) mayAsk(h access.Holder, r *http.Request) error {
	prefix, asked := h.Prefix(), division.Trim(r.URL.Query().Get("division"))
	switch {
	case r.Method != http.MethodGet && !h.Operator():
		return problem.New(http.StatusForbidden, NotEntitled, events.Say("this takes an operator's token", "此操作需要系统管理员的令牌"))
	case prefix == "":
		return nil
	case slices.Contains(deploymentPaths, r.URL.Path):
		return problem.New(http.StatusForbidden, NotEntitled, events.Say(
			"this token is for division %s, and this is about the whole deployment: ask with a token for everywhere",
			"该令牌仅限行政区划%s，而此项涉及整个系统：请用不限区划的令牌查询", prefix))
	case strings.HasPrefix(r.URL.Path, "/v1/trail/") || !strings.HasPrefix(asked, prefix) && !a.succeeds(asked, prefix):
		return problem.New(http.StatusForbidden, NotEntitled, events.Say(
			"this token is for division %s: name a division under it", "该令牌仅限行政区划%s：请指明其下的区划", prefix))
	}
	return nil
}

// succeeds reports whether a question is about what took the place of the division with a prefix,
// which no longer exists today.
func (a *Auth) succeeds(asked, prefix string) bool {
	if a.Divisions == nil {
		return false
	}
	to, ok := SuccessorOf(a.Divisions.Table(), prefix, civil.DateIn(time.Now(), china))
	return ok && strings.HasPrefix(asked, to)
}

// china is the zone of business dates.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)
