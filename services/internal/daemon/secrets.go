package daemon

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/muster-works/muster/services/gateway"
	"github.com/muster-works/muster/services/gateway/vault"
)

// masterKey is the name of the file of the vault's master key. It lies beside
// the vault's folder and not in it, so that a copy of the folder opens nothing.
const masterKey = "vault.key"

func (c *Config) vault() (*vault.Vault, error) {
	return vault.Open(c.path(vaultDir), filepath.Join(c.Data, masterKey))
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
