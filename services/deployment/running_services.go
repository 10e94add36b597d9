package deployment

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/nats-io/nats.go"
)

// A Roster is the answer to which services run.
type Roster struct {
	Rows []command.Member `json:"rows"`
}

// servicesHandler answers with the services that registered with NATS, those of this
// process included. It answers 503 if NATS does not answer.
func servicesHandler(nc *nats.Conn) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		members, err := command.Roster(r.Context(), nc)
		if err != nil {
			answerProblem(w, r, http.StatusServiceUnavailable, events.Say("NATS does not answer; ask again", "NATS没有应答；请重新查询"))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.MarshalWrite(w, Roster{members}) // a client that is gone can ask again
	})
}
