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

// rollCall is how long the services have to answer. How many there are is not
// known beforehand: who has not spoken by then does not count.
const rosterTimeout = 300 * time.Millisecond

// A Member is a service as one process runs it.
type Member struct {
	Service  string `json:"service"`
	Instance string `json:"instance"`
	Does     string `json:"does"`
}

// Roster returns the services that answer on nc, in the order of their names. It takes 300 ms, and fails with [log.ErrUnavailable]
// when there is no connection, or with the context's error.
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

// member reads what a service says of itself; others may share the server.
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
