package deployment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/gateway/vault"
)

// masterKey is the name of the file of the vault's master key. It lies beside
// the vault's folder and not in it, so that a copy of the folder opens nothing.
const masterKey = "vault.key"

// vault opens the vault where --vault says.
func (c *Config) vault(ctx context.Context) (*vault.Vault, error) {
	key := c.VaultKey
	if key == "" {
		key = filepath.Join(c.Data, masterKey)
	}
	switch {
	case strings.HasPrefix(c.Vault, "postgres://"), strings.HasPrefix(c.Vault, "postgresql://"):
		return vault.OpenPostgres(ctx, c.Vault, key)
	case strings.Contains(c.Vault, "://"):
		return nil, fmt.Errorf("--vault %s: want a directory or postgres://…", redacted(c.Vault))
	case c.Vault != "":
		return vault.Open(c.Vault, key)
	}
	return vault.Open(c.path(vaultDir), key)
}

// readAuth reads the agencies, nil where the deployment lists none.
func (c *Config) readAuth() (*gateway.Auth, error) {
	if c.Auth == "" {
		return nil, nil
	}
	f, err := os.Open(c.Auth)
	if err != nil {
		return nil, fmt.Errorf("--auth: %w", err)
	}
	defer f.Close()
	auth, err := gateway.ReadAuth(f)
	if err != nil {
		return nil, fmt.Errorf("--auth %s: %w", c.Auth, err)
	}
	return auth, nil
}

// agencies are those of readAuth that have a user of the NATS server.
func (c *Config) agencies() (list []embedded.Agency, err error) {
	auth, err := c.readAuth()
	if err != nil || auth == nil {
		return nil, err
	}
	for _, a := range auth.Agencies() {
		if a.NKey != "" || a.User != "" {
			list = append(list, embedded.Agency{Name: a.Name, NKey: a.NKey, User: a.User, PasswordBcrypt: a.Password})
		}
	}
	return list, nil
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
