package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/access"
)

// Guard lets questions through to next from whoever has a token, be it an
// agency's or a reader's. A holder who answers for everywhere may ask all of
// them. Any other holder may ask those that name a division under its own;
// trails and what concerns the whole deployment name none. What changes
// something takes an operator: an agency with the right to import, or a reader
// with the role operator.
func (a *Auth) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, err := a.holder(r, "send Authorization: Bearer and a token")
		if err == nil {
			err = mayAsk(h, r)
		}
		if err != nil {
			problemOf(err).write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// whole lists the paths whose answers are about the whole deployment and
// heed no division.
var whole = []string{"/metrics", "/v1/services"}

// mayAsk returns the [problem] that answers a request of a holder who may not
// make it, nil for one who may.
func mayAsk(h access.Holder, r *http.Request) error {
	prefix, asked := h.Prefix(), division.Trim(r.URL.Query().Get("division"))
	switch {
	case r.Method != http.MethodGet && !h.Operator():
		return newProblem(http.StatusForbidden, NotEntitled, "this takes an operator's token")
	case prefix == "":
		return nil
	case slices.Contains(whole, r.URL.Path):
		return newProblem(http.StatusForbidden, NotEntitled, "this token is for division "+prefix+", and this is about the whole deployment: ask with a token for everywhere")
	case strings.HasPrefix(r.URL.Path, "/v1/trail/") || !strings.HasPrefix(asked, prefix):
		return newProblem(http.StatusForbidden, NotEntitled, "this token is for division "+prefix+": name a division under it")
	}
	return nil
}
