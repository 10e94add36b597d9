package natslog

import (
	"context"
	"errors"
	"fmt"
	"time"

	json "github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
)

// A Durability is what one server reports about its fsync settings.
type Durability struct {
	Server string
	// Always reports whether the server fsyncs each message before it acknowledges
	// it. Otherwise it does so every Interval, and a power cut loses commits whose
	// receipts were already sent: set sync_interval to "always".
	Always   bool
	Interval time.Duration
}

// Durabilities asks every server with JetStream that the connection reaches. The
// connection must belong to a user of the system account. For any other user the
// error is log.ErrUnavailable, and the durability should be reported as unknown.
func Durabilities(ctx context.Context, system *nats.Conn) ([]Durability, error) {
	inbox := system.NewInbox()
	replies, err := system.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("%w: ask how the servers sync: %w", log.ErrUnavailable, err)
	}
	defer replies.Unsubscribe()
	if err := system.PublishRequest("$SYS.REQ.SERVER.PING.JSZ", inbox, nil); err != nil {
		return nil, fmt.Errorf("%w: ask how the servers sync: %w", log.ErrUnavailable, err)
	}
	var all []Durability
	for {
		// The number of servers is unknown. The answers are complete if none arrived
		// for some time.
		wait, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		m, err := replies.NextMsgWithContext(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded) && len(all) > 0:
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%w: no server says how it syncs (it tells users of the system account alone): %w", log.ErrUnavailable, err)
		}
		var reply struct {
			Server struct {
				Name string `json:"name"`
			} `json:"server"`
			Data struct {
				Disabled bool `json:"disabled"`
				Config   struct {
					Always   bool  `json:"sync_always"`
					Interval int64 `json:"sync_interval"`
				} `json:"config"`
			} `json:"data"`
		}
		if err := json.Unmarshal(m.Data, &reply); err != nil {
			return nil, fmt.Errorf("natslog: how a server syncs: %w", err)
		}
		if !reply.Data.Disabled {
			all = append(all, Durability{reply.Server.Name, reply.Data.Config.Always, time.Duration(reply.Data.Config.Interval)})
		}
	}
}
