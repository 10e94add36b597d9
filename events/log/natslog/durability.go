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

// A Durability is what one server says of how it syncs.
type Durability struct {
	Server string
	// Always says that the server fsyncs before it acknowledges. If not, it
	// does so every Interval, and a power cut in between loses commits whose
	// receipts are out: set sync_interval to "always".
	Always   bool
	Interval time.Duration
}

// Durabilities asks every server with JetStream that the connection reaches.
// The connection must be that of a user of the system account; another one
// cannot know, and gets log.ErrUnavailable: report it as unknown.
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
		// How many servers there are is not known: the last one has spoken
		// when a while has passed.
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
