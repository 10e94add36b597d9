package gateway

import (
	"net/http"
	"strings"

	"github.com/muster-works/muster/events/division"
)

// Guard lets questions through to next from whoever has a token: from an
// agency that answers for everywhere all of them, from any other those that
// name a division under its own. Nobody else reads trails, and nobody changes
// anything here without the right to import, which is an operator's.
func (a *Auth) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		c, ok := a.byToken(token)
		asked := division.Trim(r.URL.Query().Get("division"))
		switch {
		case !ok || !strings.EqualFold(scheme, "Bearer"):
			w.Header().Set("WWW-Authenticate", "Bearer")
			newProblem(http.StatusUnauthorized, "", "send Authorization: Bearer and a token").write(w)
		case r.Method != http.MethodGet && !c.Import:
			newProblem(http.StatusForbidden, NotEntitled, "this takes an operator's token").write(w)
		case c.Prefix != "" && (strings.HasPrefix(r.URL.Path, "/v1/trail/") || !strings.HasPrefix(asked, c.Prefix)):
			newProblem(http.StatusForbidden, NotEntitled, "this token is for division "+c.Prefix+": name a division under it").write(w)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
