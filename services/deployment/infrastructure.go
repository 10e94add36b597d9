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
	"github.com/muster-works/muster/services/deployment/truncation"
	"github.com/nats-io/nats.go"
)

// infrastructure is what the services of a process need from outside: the NATS
// connection of the internal user, and the log.
type infrastructure struct {
	nats    *nats.Conn
	answers *nats.Conn // on which requests are answered; it may publish to reply subjects alone, if the server knows such a user
	log     log.Log
	driver  log.Log          // the log as its driver opened it, without wrappers
	waiting *waitingLog      // the log while the deployment starts; nil if nothing waits for it
	server  *embedded.Server // the embedded server; nil if NATS is elsewhere
}

// close closes the log, the connection and the embedded server, in this order.
func (g *infrastructure) close() {
	if g.log != nil {
		g.log.Close()
	}
	if g.answers != nil {
		g.answers.Close()
	}
	if g.nats != nil {
		g.nats.Close()
	}
	if g.server != nil {
		g.server.Shutdown()
	}
}

// startEmbedded starts the embedded NATS server and opens the log: on that server, or
// where --log says.
func (c *Config) startEmbedded(ctx context.Context) (_ *infrastructure, err error) {
	g := &infrastructure{}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	options := embedded.Options{Dir: c.dataPath(logDir), Addr: c.NATS, Logger: c.Logger}
	if options.Agencies, err = c.agencies(); err != nil {
		return nil, err
	}
	if options.TLS, err = c.loadTLS(); err != nil {
		return nil, err
	}
	if g.server, err = embedded.Start(options); err != nil {
		return nil, err
	}
	if g.nats, err = g.server.Connect(nats.Name("muster up")); err != nil {
		return nil, err
	}
	if g.answers, err = g.server.ConnectAnswers(nats.Name("muster up: answers")); err != nil {
		return nil, err
	}
	if c.Log == "" {
		g.log, err = openEmbeddedLog(ctx, g)
	} else {
		err = c.newWaiter().until(ctx, func() (_ bool, err error) {
			g.log, err = c.openLog(ctx, nil)
			return false, err
		})
	}
	g.driver = g.log
	return g, err
}

// openEmbeddedLog opens the log on the embedded server. It creates the stream of the
// log first if there is none: the server belongs to this process alone, so an absent
// stream is not a wrong address.
func openEmbeddedLog(ctx context.Context, g *infrastructure) (log.Log, error) {
	options := natslog.Options{Files: g.server}
	if err := natslog.Provision(ctx, g.nats, options); err != nil {
		return nil, err
	}
	return asLog(natslog.Open(ctx, g.nats, options))
}

// guardTruncation verifies that the log still holds the commit that an earlier run saw,
// and has the log note late commits from now on; see package truncation. The note is a
// file in the data directory. Nothing is done when there is no data directory, or when
// the log ends with the process. The error is log.ErrForeign if commits are gone.
func (c *Config) guardTruncation(ctx context.Context, g *infrastructure) error {
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
	guard, err := truncation.Watch(ctx, g.log, name, c.dataPath(lastSeenFile))
	if err == nil {
		g.log = guard
	}
	return err
}

// connect connects to the NATS server of a deployment that runs elsewhere, and opens
// its log. name is the service, which NATS shows to operators.
func (c *Config) connect(ctx context.Context, name string) (_ *infrastructure, err error) {
	g := &infrastructure{}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if g.nats, err = c.dial(c.NATS, "muster serve "+name); err != nil {
		return nil, err
	}
	if g.answers, err = c.dialAnswers(name); err != nil {
		return nil, err
	}
	g.log, err = c.openLog(ctx, g.nats)
	g.driver = g.log
	return g, err
}

// openLog opens the log that --log names, or the log on the server of nc if --log is
// empty.
func (c *Config) openLog(ctx context.Context, nc *nats.Conn) (log.Log, error) {
	driver, err := c.logDriver()
	if err != nil {
		return nil, err
	}
	return driver.open(ctx, c, nc)
}

// dial connects to a NATS server as the internal user. The credentials come from the
// URL, else from the file of --creds. If neither is given and the server is on this
// machine, they come from the password file that an embedded server keeps in the data
// directory.
func (c *Config) dial(address, name string) (*nats.Conn, error) {
	file := c.Creds
	if file == "" && c.Data != "" && isLoopback(address) {
		file = filepath.Join(c.dataPath(logDir), embedded.PasswordFile)
		if _, err := os.Stat(file); err != nil {
			file = ""
		}
	}
	if c.serverCert == "" {
		return dialAs(address, name, embedded.InternalUser, "--creds", file)
	}
	known, err := pinCertificate(c.serverCert)
	if err != nil {
		return nil, err
	}
	return dialAs(address, name, embedded.InternalUser, "--creds", file, known)
}

// dialAnswers connects as the user that answers requests, with the credentials of
// --answers-creds. Without these the internal user answers, and whoever can send a request
// to the account decides where it writes: that is logged.
func (c *Config) dialAnswers(name string) (*nats.Conn, error) {
	if c.AnswersCreds == "" {
		if !isLoopback(c.NATS) {
			c.warn("requests are answered with all rights of the internal user; give --answers-creds, with a user that may publish _R_.> and _INBOX.> alone")
		}
		return c.dial(c.NATS, "muster serve "+name+": answers")
	}
	return dialAs(withoutUser(c.NATS), "muster serve "+name+": answers", embedded.AnswersUser, "--answers-creds", c.AnswersCreds)
}

// dialAs connects to a NATS server with the credentials in the URL. If there are none
// and file is not empty, it uses the file: NATS user credentials, or the password of
// user. flag is the name of the flag that names the file, for errors.
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

// redacted returns address with its password masked, for errors and logs.
func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "(malformed)"
}
