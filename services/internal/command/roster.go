package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/log"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// rosterTimeout is how long Roster waits for answers. It is not known beforehand how
// many services run, so an answer that comes later is left out.
const rosterTimeout = 300 * time.Millisecond

// A Member is a service as one process runs it.
type Member struct {
	Service  string `json:"service"`
	Instance string `json:"instance"`
	Does     string `json:"does"`
}

// Roster returns the services that answer on nc, ordered by service, description and
// instance. It waits 300 ms for the answers. If there is no connection, Roster fails
// with [log.ErrUnavailable]; if ctx ends, with the error of ctx.
func Roster(ctx context.Context, nc *nats.Conn) ([]Member, error) {
	inbox := nc.NewInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("%w: ask which services run: %w", log.ErrUnavailable, err)
	}
	defer answers.Unsubscribe()
	call, err := micro.ControlSubject(micro.InfoVerb, "", "")
	if err == nil {
		err = nc.PublishRequest(call, inbox, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: ask which services run: %w", log.ErrUnavailable, err)
	}
	waiting, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	members := []Member{}
	for {
		answer, err := answers.NextMsgWithContext(waiting)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrNoResponders):
			slices.SortFunc(members, func(a, b Member) int {
				return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Does, b.Does), cmp.Compare(a.Instance, b.Instance))
			})
			return members, nil
		case err != nil:
			return nil, fmt.Errorf("%w: ask which services run: %w", log.ErrUnavailable, err)
		}
		if m, ok := member(answer.Data); ok {
			members = append(members, m)
		}
	}
}

// member reads the answer of a service; ok is false if the service is not one of
// Muster, since others may use the same server.
func member(info []byte) (m Member, ok bool) {
	var s struct {
		Name        string `json:"name"`
		ID          string `json:"id"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(info, &s); err != nil {
		return m, false
	}
	name, ok := strings.CutPrefix(s.Name, "muster-")
	return Member{name, s.ID, s.Description}, ok
}
