package deployment

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/internal/access"
)

// accessInterval is how often a deployment looks for changes of the access file.
const accessInterval = time.Second

// openAccess reads the access file at the first call and returns the same value at each
// later call. It returns nil if --auth names no file.
func (c *Config) openAccess() (*access.Live, error) {
	if c.Auth == "" || c.accessFile != nil {
		return c.accessFile, nil
	}
	live, err := access.Open(c.Auth)
	if err != nil {
		return nil, fmt.Errorf("--auth %s: %w", c.Auth, err)
	}
	c.accessFile = live
	return live, nil
}

// readAuth returns what authenticates agencies and readers, nil if the deployment has
// no access file. An agency of a division that is no more may ask about its successor.
func (c *Config) readAuth(divisions *editions.Register) (*admission.Auth, error) {
	live, err := c.openAccess()
	if err != nil || live == nil {
		return nil, err
	}
	auth := admission.NewAuth(live.List)
	auth.Divisions = divisions
	return auth, nil
}

// watchAccess has changes of the access file take effect until ctx ends. server is the
// embedded NATS server, whose users follow the file; it is nil if NATS is elsewhere. If
// a changed file cannot be read, a warning is logged and the content before stays in
// force.
func (c *Config) watchAccess(ctx context.Context, server *embedded.Server) {
	live, err := c.openAccess()
	if err != nil || live == nil {
		<-ctx.Done()
		return
	}
	c.warnOfAccess(live.List())
	live.Watch(ctx, accessInterval, c.Reload, func(list *access.List, err error) {
		if err != nil {
			c.warn("the access file cannot be read; what it said before stays in force", "file", c.Auth, "error", err)
			return
		}
		c.warnOfAccess(list)
		if server == nil {
			return
		}
		if err := server.SetAgencies(natsUsers(list)); err != nil {
			c.warn("the NATS server did not take the agencies of the access file; their NATS users are those of before", "file", c.Auth, "error", err)
		}
	})
}

// warnOfAccess logs a warning for each entry of an access file that is allowed and
// probably not what was meant.
func (c *Config) warnOfAccess(list *access.List) {
	table, err := c.loadDivisions()
	if err != nil {
		return // whatever else needs the table reports the error
	}
	for _, doubt := range list.Doubts(table) {
		c.warn("the access file may not say what is meant", "file", c.Auth, "doubt", doubt)
	}
}

// warn logs a warning, if there is a logger.
func (c *Config) warn(message string, pairs ...any) {
	if c.Logger != nil {
		c.Logger.Warn(message, pairs...)
	}
}

// natsUsers lists the agencies that may connect to the NATS server: those that have a
// key or a user and are not disabled.
func natsUsers(list *access.List) (users []embedded.Agency) {
	for _, a := range list.Agencies() {
		if !a.Disabled && (len(a.NKeys) > 0 || a.User != "") {
			users = append(users, embedded.Agency{Name: a.Name, NKeys: a.NKeys, User: a.User, PasswordBcrypt: a.Password})
		}
	}
	return users
}

// agencies lists the agencies of the access file that may connect to the NATS server.
func (c *Config) agencies() ([]embedded.Agency, error) {
	live, err := c.openAccess()
	if err != nil || live == nil {
		return nil, err
	}
	return natsUsers(live.List()), nil
}

// NATSConfig returns the part of the configuration of an external NATS server that lets
// the agencies in the access file submit over NATS, and do nothing else. The text is in
// the syntax of nats-server.
func NATSConfig(c Config) (string, error) {
	list, err := c.agencies()
	if err != nil {
		return "", err
	}
	return embedded.External(list)
}

// CheckDivision returns an error if the division of an account, which is about to be
// added to an access file, is not in the table that Config.Divisions names.
func CheckDivision(c Config, a *access.Account) error {
	table, err := c.loadDivisions()
	if err != nil {
		return err
	}
	return a.CheckDivision(table)
}
