package deployment

import (
	"context"
	"fmt"
	"net/url"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// An OpenedLog is a log together with the connection and the server that it was opened
// on.
type OpenedLog struct {
	log.Log
	infra *infrastructure // nil if the log needs neither connection nor server
}

// Private reports whether this process runs the server of the log, because its
// deployment does not run. No other process can write to a private log while it is
// open.
func (l *OpenedLog) Private() bool { return l.infra != nil && l.infra.server != nil }

// Close closes the log, its connection and its server.
func (l *OpenedLog) Close() error {
	if l.infra == nil {
		return l.Log.Close()
	}
	l.infra.close()
	return nil
}

// OpenLog opens a log that exists: the log that Log or NATS names, else the log of the
// deployment in Data. The deployment may be running. OpenLog fails for a log in the
// memory of a process.
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

// OpenOrCreateLog opens the embedded log in Data, and creates it if there is none. It
// fails with embedded.ErrInUse if a deployment runs in Data.
func OpenOrCreateLog(ctx context.Context, c Config) (*OpenedLog, error) {
	if err := c.makeData(); err != nil {
		return nil, err
	}
	c.NATS, c.Log = "127.0.0.1:0", ""
	return newOpenedLog(c.startEmbedded(ctx))
}

// newOpenedLog returns the log of g, and passes an error on.
func newOpenedLog(g *infrastructure, err error) (*OpenedLog, error) {
	if err != nil {
		return nil, err
	}
	return &OpenedLog{g.log, g}, nil
}

// Provisioned is what [Provision] found on a NATS server.
type Provisioned struct {
	Stream string       // name of the stream of the log
	Head   log.Position // head of the log
	// Servers lists how each server syncs commits to disk. If the servers do not
	// tell the user who asked, Servers is empty and Unknown says why.
	Servers []natslog.Durability
	Unknown error
}

// Provision creates the stream of the log on an external NATS server, or verifies the
// stream that exists. replicas is how many servers keep the log: 1, 3 or 5. systemCreds
// is a file with the credentials of the user system, whom servers tell how they sync;
// if it is empty, the servers are asked as the internal user.
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

// withoutUser returns address without user and password.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.User = nil
	return u.String()
}
