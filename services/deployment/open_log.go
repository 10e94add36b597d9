package deployment

import (
	"context"
	"fmt"
	"net/url"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// An OpenedLog is a log together with what it was opened on.
type OpenedLog struct {
	log.Log
	infra *infrastructure // nil when the log needs none
}

// Private says that the log was opened in this process, because its deployment
// does not run. While it is open, nobody else can write to it.
func (l *OpenedLog) Private() bool { return l.infra != nil && l.infra.server != nil }

// Close closes the log and what it was opened on.
func (l *OpenedLog) Close() error {
	if l.infra == nil {
		return l.Log.Close()
	}
	l.infra.close()
	return nil
}

// OpenLog opens a log that exists: where Log or NATS says, or else that of the
// deployment in Data, which may be running.
func OpenLog(ctx context.Context, c Config) (*OpenedLog, error) {
	driver, err := c.logDriver()
	switch {
	case err != nil:
		return nil, err
	case driver.volatile:
		return nil, errVolatile
	case !driver.onNATS:
		l, err := c.openLog(ctx, nil)
		if err != nil {
			return nil, err
		}
		return &OpenedLog{Log: l}, nil
	case c.Log != "":
		c.NATS, c.Log = c.Log, ""
	}
	return newOpenedLog(c.openExisting(ctx))
}

// MakeLog opens the embedded log in Data, where no deployment may be running,
// and makes it if there is none.
func OpenOrCreateLog(ctx context.Context, c Config) (*OpenedLog, error) {
	if err := c.makeData(); err != nil {
		return nil, err
	}
	c.NATS, c.Log = "127.0.0.1:0", ""
	return newOpenedLog(c.startEmbedded(ctx))
}

func newOpenedLog(g *infrastructure, err error) (*OpenedLog, error) {
	if err != nil {
		return nil, err
	}
	return &OpenedLog{g.log, g}, nil
}

// Provisioned is what Provision found.
type Provisioned struct {
	Stream string
	Head   log.Position
	// Servers say how they sync, if they were asked as a user that they tell;
	// Unknown is why they do not.
	Servers []natslog.Durability
	Unknown error
}

// Provision creates the log's stream on an external NATS server, or verifies
// the one that is there. As the system user, whose credentials are in a file of
// its own, it asks the servers how they sync.
func Provision(ctx context.Context, c Config, replicas int, systemCreds string) (p Provisioned, err error) {
	nc, err := c.dial(c.NATS, "muster provision")
	if err != nil {
		return p, err
	}
	defer nc.Close()
	options := natslog.Options{Replicas: replicas}
	if err := natslog.Provision(ctx, nc, options); err != nil {
		return p, err
	}
	l, err := natslog.Open(ctx, nc, options)
	if err != nil {
		return p, err
	}
	defer l.Close()
	p.Stream = natslog.Stream
	if p.Head, _, err = l.Head(ctx, log.Filter{}); err != nil {
		return p, err
	}
	asked := nc
	if systemCreds != "" {
		if asked, err = dialAs(withoutUser(c.NATS), "muster provision", embedded.SystemUser, "--system-creds", systemCreds); err != nil {
			return p, fmt.Errorf("the stream is there; ask how the servers sync: %w", err)
		}
		defer asked.Close()
	}
	p.Servers, p.Unknown = natslog.Durabilities(ctx, asked)
	return p, ctx.Err()
}

// anonymous is address without the user in it.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	return u.String()
}
