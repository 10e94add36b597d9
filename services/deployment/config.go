// Package deployment puts a deployment together: the whole of it in one process
// ([Up]), or one service alone ([Serve]).
package deployment

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/runner"
	"github.com/muster-works/muster/services/internal/access"
	"github.com/muster-works/muster/services/internal/eligibility"
)

// A Config says how a deployment is put together. Empty values are the
// defaults of [Up].
type Config struct {
	Data      string  // directory of log, vault and read model
	HTTP      string  // address of the HTTP API
	NATS      string  // Up: address of the embedded server; Serve: URL of the one to connect to
	Creds     string  // Serve: file of the internal user's password, as Up leaves it in Data, or of NATS user credentials
	Log       string  // nats://…, esdb://…, mem: or empty for the embedded log
	Auth      string  // access file: who may submit and who may ask; needed beyond loopback
	TLSCert   string  // file of the certificate of HTTP and the embedded NATS; needed beyond loopback
	TLSKey    string  // file of its key
	Insecure  bool    // beyond loopback in clear all the same: something in front speaks TLS
	Divisions string  // file of divisions; empty is the embedded table
	Vault     string  // directory of the vault, or postgres://… for several gateways; empty is under Data
	VaultKey  string  // file of its master key; empty is under Data
	Store     string  // directory of the read model, or postgres://…; empty is under Data
	Standby   bool    // Serve projector: wait while another one keeps the read model up to date
	Policy    string  // file of the first policy pack; empty is the reference programme's
	Simulate  float64 // scale of a synthetic province to load into an empty log; 0 for none
	Seed      uint64  // of the synthetic province

	FoldsAfter int // events after which the folds are written down again; 0 is 50,000

	SetAside []string // positions of events that the views leave out if they cannot be read

	// Reload, where it is set, has the access file read again at once when
	// something comes. It is looked at every second anyway.
	Reload <-chan os.Signal

	accessFile *access.Live // the access file, once it was read
	serverCert string       // file of the certificate of the server elsewhere, where it is known

	Out    io.Writer    // where the addresses and the progress go
	Logger *slog.Logger // operations; never identities
}

// The names under Data.
const (
	logDir   = "log"
	vaultDir = "vault"
	modelDir = "views"
	foldDir  = "folds"
)

func (c *Config) dataPath(name string) string { return filepath.Join(c.Data, name) }

// divisions loads the table that the deployment uses.
func (c *Config) loadDivisions() (*division.Table, error) {
	if c.Divisions == "" {
		return division.Shandong()
	}
	f, err := os.Open(c.Divisions)
	if err != nil {
		return nil, fmt.Errorf("--divisions: %w", err)
	}
	defer f.Close()
	return division.Load(f)
}

// pack loads the pack that an empty log starts with.
func (c *Config) firstPack() (*policy.Pack, error) {
	if c.Policy == "" {
		return policy.Reference()
	}
	return readPack(c.Policy)
}

// readPack reads the file of a pack that --policy names.
func readPack(file string) (*policy.Pack, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	p, err := eligibility.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("--policy %s: %w", file, err)
	}
	return p, nil
}

// setAside reads the positions of events to be left out.
func (c *Config) setAsidePositions() (all []log.Position, err error) {
	for _, s := range c.SetAside {
		p, err := log.ParsePosition(s)
		if err != nil {
			return nil, fmt.Errorf("--set-aside: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// poisoned says what to do about an event that cannot be read.
func explainPoisoned(err error) error {
	if !errors.Is(err, runner.ErrPoisoned) {
		return err
	}
	return fmt.Errorf("%w; nothing behind it is shown. A newer version of Muster may be able to read it; to leave it out of the views, start with --set-aside and its position", err)
}

// loopback says whether only this machine reaches addr (host:port or a URL).
func isLoopback(addr string) bool {
	if u, err := url.Parse(addr); err == nil && u.Host != "" {
		addr = u.Host
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// makeData creates the data directory for its owner alone.
func (c *Config) makeData() error {
	if c.Data == "" {
		return errors.New("--data: name a directory")
	}
	return os.MkdirAll(c.Data, 0o700)
}
