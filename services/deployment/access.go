package deployment

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/internal/access"
)

// accessEvery is how often a deployment looks whether the access file has
// changed.
const accessInterval = time.Second

// openAccess reads the access file that --auth names, once for the whole
// process. It returns nil where there is none.
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

// readAuth returns what recognises agencies and readers, nil where the
// deployment has no access file.
func (c *Config) readAuth() (*gateway.Auth, error) {
	live, err := c.openAccess()
	if err != nil || live == nil {
		return nil, err
	}
	return gateway.NewAuth(live.List), nil
}

// watchAccess has changes of the access file take effect until ctx ends. server
// is the embedded NATS server, nil where there is none.
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

// doubtAccess warns of what an access file may not mean as it says it.
func (c *Config) warnOfAccess(list *access.List) {
	table, err := c.loadDivisions()
	if err != nil {
		return // as whatever else needs the table says
	}
	for _, doubt := range list.Doubts(table) {
		c.warn("the access file may not say what is meant", "file", c.Auth, "doubt", doubt)
	}
}

func (c *Config) warn(message string, pairs ...any) {
	if c.Logger != nil {
		c.Logger.Warn(message, pairs...)
	}
}

// natsUsers lists the agencies that have a user of the NATS server and are not
// disabled.
func natsUsers(list *access.List) (users []embedded.Agency) {
	for _, a := range list.Agencies() {
		if !a.Disabled && (len(a.NKeys) > 0 || a.User != "") {
			users = append(users, embedded.Agency{Name: a.Name, NKeys: a.NKeys, User: a.User, PasswordBcrypt: a.Password})
		}
	}
	return users
}

// agencies lists those of the access file that have a user of the NATS server.
func (c *Config) agencies() ([]embedded.Agency, error) {
	live, err := c.openAccess()
	if err != nil || live == nil {
		return nil, err
	}
	return natsUsers(live.List()), nil
}

// NATSConfig returns what the configuration of a NATS server elsewhere needs to
// hold, so that the agencies that Auth lists may submit over it, and no more.
func NATSConfig(c Config) (string, error) {
	list, err := c.agencies()
	if err != nil {
		return "", err
	}
	return embedded.External(list)
}

// CheckDivision says so when the division of an account that is to be added is
// in no table that Divisions names.
func CheckDivision(c Config, a *access.Account) error {
	table, err := c.loadDivisions()
	if err != nil {
		return err
	}
	return a.CheckDivision(table)
}
