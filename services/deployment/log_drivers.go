package deployment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/nats-io/nats.go"
)

// A logDriver opens the logs of one kind of server.
type logDriver struct {
	// open opens the log at an address. nc is the connection to the deployment's
	// NATS server, nil when there is none; a driver that reaches a server of its own
	// leaves it alone.
	open func(ctx context.Context, c *Config, nc *nats.Conn) (log.Log, error)

	// volatile says that the log ends with the process: nothing outside of the
	// process can open it, and nobody needs to watch that it stays whole.
	volatile bool

	// onNATS says that the log lies on the NATS server that the address names.
	onNATS bool
}

// logDrivers has the driver of each scheme that --log may name, by scheme. The empty
// scheme is the log on the deployment's own NATS server. A new driver is a row here.
var logDrivers = map[string]logDriver{
	"":              {open: openDeploymentLog, onNATS: true},
	"nats":          {open: openNATSLog, onNATS: true},
	"tls":           {open: openNATSLog, onNATS: true},
	"esdb":          {open: openEventStoreLog},
	"esdb+discover": {open: openEventStoreLog},
	"mem":           {open: openMemoryLog, volatile: true},
}

// errVolatile says that a log lives in the memory of another process.
var errVolatile = errors.New("mem: is a log in the memory of one process; no other can open it")

// logScheme returns the scheme of --log, empty when the flag is not given.
func (c *Config) logScheme() string {
	scheme, _, _ := strings.Cut(c.Log, ":")
	return scheme
}

// logDriver returns the driver that --log names. It fails for a scheme that no driver
// has; the error lists those that there are.
func (c *Config) logDriver() (logDriver, error) {
	driver, ok := logDrivers[c.logScheme()]
	if !ok {
		return driver, fmt.Errorf("--log %q: want an address that begins with one of %s", redacted(c.Log), strings.Join(logSchemes(), ", "))
	}
	return driver, nil
}

// logSchemes lists the schemes that --log may name, in alphabetical order.
func logSchemes() []string {
	var schemes []string
	for scheme := range logDrivers {
		if scheme != "" {
			schemes = append(schemes, scheme+":")
		}
	}
	slices.Sort(schemes)
	return schemes
}

func openDeploymentLog(ctx context.Context, c *Config, nc *nats.Conn) (log.Log, error) {
	if err := c.checkSync(ctx, c.NATS); err != nil {
		return nil, err
	}
	return opened(natslog.Open(ctx, nc, natslog.Options{}))
}

func openNATSLog(ctx context.Context, c *Config, _ *nats.Conn) (log.Log, error) {
	if err := c.checkSync(ctx, c.Log); err != nil {
		return nil, err
	}
	nc, err := c.dial(c.Log, "muster log")
	if errors.Is(err, nats.ErrNoServers) {
		err = fmt.Errorf("%w: %w", log.ErrUnavailable, err)
	}
	if err != nil {
		return nil, err
	}
	return opened(natslog.Open(ctx, nc, natslog.Options{}))
}

func openEventStoreLog(ctx context.Context, c *Config, _ *nats.Conn) (log.Log, error) {
	return opened(eslog.Open(ctx, c.Log))
}

func openMemoryLog(context.Context, *Config, *nats.Conn) (log.Log, error) { return memlog.New(), nil }

// opened returns what the Open of a driver returned as a log. After a failure it
// returns nil, and not an interface that holds a nil driver.
func opened[L log.Log](l L, err error) (log.Log, error) {
	if err != nil {
		return nil, err
	}
	return l, nil
}
