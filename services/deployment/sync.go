package deployment

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// checkSync fails with log.ErrMisconfigured if a NATS server at address acknowledges a
// commit before it has synced the commit to disk. The servers tell their setting only
// to the user system, who often has the same password as the user internal. If the
// servers do not tell, checkSync logs a warning and succeeds. Without a logger
// checkSync does nothing: tools have none, since they only read the log.
func (c *Config) checkSync(ctx context.Context, address string) error {
	if c.Logger == nil {
		return nil
	}
	servers, err := c.durabilities(ctx, address)
	if err != nil {
		c.Logger.Warn("whether the NATS servers sync each commit is unknown: make sure that each has sync_interval: always, or ask with muster provision --system-creds", "error", err)
		return ctx.Err()
	}
	for _, s := range servers {
		if !s.Always {
			return fmt.Errorf("%w: the NATS server %s syncs every %v, and a power cut loses commits whose receipts are out: set sync_interval: always in its jetstream block",
				log.ErrMisconfigured, s.Server, s.Interval)
		}
	}
	return nil
}

// durabilities asks the NATS servers at address how they sync, as the user system with
// the password of Creds.
func (c *Config) durabilities(ctx context.Context, address string) ([]natslog.Durability, error) {
	if c.Creds == "" {
		return nil, errors.New("no password file was given")
	}
	nc, err := dialAs(withoutUser(address), "muster sync", embedded.SystemUser, "--creds", c.Creds)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	return natslog.Durabilities(ctx, nc)
}
