package deployment

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/nats-io/nats.go"
)

// ground is what a deployment stands on: the NATS connection of the internal
// user, and the log.
type ground struct {
	nats   *nats.Conn
	log    log.Log
	driver log.Log          // log as it was opened, by itself
	waits  *patient         // log while a deployment starts; nil where nothing waits for it
	server *embedded.Server // nil when NATS is elsewhere
}

func (g *ground) close() {
	if g.log != nil {
		g.log.Close()
	}
	if g.nats != nil {
		g.nats.Close()
	}
	if g.server != nil {
		g.server.Shutdown()
	}
}

// embed starts the server in this process and opens the log: on it, or where
// --log says.
func (c *Config) embed(ctx context.Context) (_ *ground, err error) {
	g := &ground{}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	options := embedded.Options{Dir: c.path(logDir), Addr: c.NATS, Logger: c.Logger}
	if options.Agencies, err = c.agencies(); err != nil {
		return nil, err
	}
	if options.TLS, err = c.tls(); err != nil {
		return nil, err
	}
	if g.server, err = embedded.Start(options); err != nil {
		return nil, err
	}
	if g.nats, err = g.server.Connect(nats.Name("muster up")); err != nil {
		return nil, err
	}
	if c.Log == "" {
		g.log, err = openEmbeddedLog(ctx, g)
	} else {
		err = c.waiter().until(ctx, func() (_ bool, err error) {
			g.log, err = c.openLog(ctx, nil)
			return false, err
		})
	}
	g.driver = g.log
	return g, err
}

// openEmbeddedLog opens the log on the server in this process. The log belongs to the
// process, which therefore provisions it.
func openEmbeddedLog(ctx context.Context, g *ground) (log.Log, error) {
	options := natslog.Options{Files: g.server}
	if err := natslog.Provision(ctx, g.nats, options); err != nil {
		return nil, err
	}
	return opened(natslog.Open(ctx, g.nats, options))
}

// attest has the log watched by a witness in the data directory, if there is
// one, and makes sure that nothing is gone from it since.
func (c *Config) attest(ctx context.Context, g *ground) error {
	driver, err := c.logDriver()
	if err != nil {
		return err
	}
	name := "embedded"
	switch {
	case c.Data == "" || driver.volatile:
		return nil
	case c.Log != "":
		name = redacted(c.Log)
	case g.server == nil:
		name = redacted(c.NATS)
	}
	if err := c.makeData(); err != nil {
		return err
	}
	w, err := attest(ctx, g.log, name, c.path(seenFile))
	if err == nil {
		g.log = w
	}
	return err
}

// connect reaches the NATS server and the log of a deployment elsewhere.
func (c *Config) connect(ctx context.Context, name string) (_ *ground, err error) {
	g := &ground{}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if g.nats, err = c.dial(c.NATS, "muster serve "+name); err != nil {
		return nil, err
	}
	g.log, err = c.openLog(ctx, g.nats)
	g.driver = g.log
	return g, err
}

// openLog opens the log that --log names, and the one on nc when it names none.
func (c *Config) openLog(ctx context.Context, nc *nats.Conn) (log.Log, error) {
	driver, err := c.logDriver()
	if err != nil {
		return nil, err
	}
	return driver.open(ctx, c, nc)
}

// dial connects as the internal user. Credentials come from the URL, from
// --creds, or, where the server is on this machine, from the password file that
// an embedded one keeps.
func (c *Config) dial(address, name string) (*nats.Conn, error) {
	file := c.Creds
	if file == "" && c.Data != "" && loopback(address) {
		file = filepath.Join(c.path(logDir), embedded.PasswordFile)
		if _, err := os.Stat(file); err != nil {
			file = ""
		}
	}
	if c.cert == "" {
		return dialAs(address, name, embedded.InternalUser, "--creds", file)
	}
	known, err := pinned(c.cert)
	if err != nil {
		return nil, err
	}
	return dialAs(address, name, embedded.InternalUser, "--creds", file, known)
}

// dialAs connects with the credentials of the URL, or else of a file, if there
// is one: NATS user credentials, or the password of user. The flag is the one
// that names the file.
func dialAs(address, name, user, flag, file string, options ...nats.Option) (*nats.Conn, error) {
	options = append(options, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(500*time.Millisecond), nats.Timeout(5*time.Second))
	if u, err := url.Parse(address); err == nil && u.User == nil && file != "" {
		secret, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		if strings.Contains(string(secret), "BEGIN NATS USER JWT") {
			options = append(options, nats.UserCredentials(file))
		} else {
			options = append(options, nats.UserInfo(user, strings.TrimSpace(string(secret))))
		}
	}
	nc, err := nats.Connect(address, options...)
	if err != nil {
		hint := ""
		if errors.Is(err, nats.ErrAuthorization) {
			hint = fmt.Sprintf("; give the user %s in the URL, or a file of its password or credentials with %s", user, flag)
		}
		return nil, fmt.Errorf("connect to %s: %w%s", redacted(address), err, hint)
	}
	return nc, nil
}

// redacted is address without its password.
func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "(malformed)"
}
