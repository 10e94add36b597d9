package deployment

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/muster-works/muster/services/gateway/vault"
)

// masterKey is the name of the file of the vault's master key. The file lies beside the
// folder of the vault and not in it, so that nobody can open a copy of the folder
// alone.
const masterKey = "vault.key"

// openVault opens the vault that --vault names.
func (c *Config) openVault(ctx context.Context) (*vault.Vault, error) {
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
	return vault.Open(c.dataPath(vaultDir), key)
}
