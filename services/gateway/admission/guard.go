package admission

import (
	"net/http"
	"slices"
	"strings"

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
		h, err := a.holder(r, "send Authorization: Bearer and a token")
		if err == nil {
			err = mayAsk(h, r)
		}
		if err != nil {
			problem.FromError(err).Respond(w)
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
func mayAsk(h access.Holder, r *http.Request) error {
	prefix, asked := h.Prefix(), division.Trim(r.URL.Query().Get("division"))
	switch {
	case r.Method != http.MethodGet && !h.Operator():
		return problem.New(http.StatusForbidden, NotEntitled, "this takes an operator's token")
	case prefix == "":
		return nil
	case slices.Contains(deploymentPaths, r.URL.Path):
		return problem.New(http.StatusForbidden, NotEntitled, "this token is for division "+prefix+", and this is about the whole deployment: ask with a token for everywhere")
	case strings.HasPrefix(r.URL.Path, "/v1/trail/") || !strings.HasPrefix(asked, prefix):
		return problem.New(http.StatusForbidden, NotEntitled, "this token is for division "+prefix+": name a division under it")
	}
	return nil
}
