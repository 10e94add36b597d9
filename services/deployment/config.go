// Package deployment puts the parts of Muster together and runs them.
//
// A deployment is the event log, the services that decide what is appended to it, the
// gateway with the vault of identities, the read model with its projector, and the HTTP
// API. [Up] runs all of a deployment in one process. [Serve] runs one service of a
// deployment whose other parts run elsewhere. The other functions are what operators do
// to a deployment that may be running: [Replay], [Back], [TryPolicy], [OpenLog],
// [Provision].
//
// # How Up starts and stops
//
//	                          starts                              HTTP answers
//	1  listen on --http       │                                   503 to all but /healthz
//	2  NATS server, log       │ ▲  waits for a log that does not answer
//	3  command handlers       │ │  restore snapshots, read the log from there on
//	4  vault, gateway         │ │  apply the erasures in the log
//	5  projector              │ │
//	6  first pack or province │ │  into an empty log only
//	7  read model             │ │  reaches the head of the log
//	8  routes, NATS subjects  ▼ │  ready is called                everything
//	                            stops
//
// Two groups of goroutines run a deployment. The front group answers to the outside:
// the HTTP server, submissions over NATS, the access file. The back group is what the
// front group needs: command handlers, projector, vault, log and NATS server. When the
// context of Up ends, the front group ends first, and requests under way are answered.
// The back group ends after that, and closes vault, read model, log and server at last.
// When something in the back group fails, the front group is ended too, and Up returns
// the error of the back group.
//
// # Errors
//
// An error that an operator can mend names the flag of the command muster that mends
// it. The errors of the log keep their identity for errors.Is: log.ErrMisconfigured for
// a log that may lose commits, log.ErrForeign for a log that lacks what it held, and
// log.ErrUnavailable for a log that does not answer.
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

// A Config says how a deployment is put together. The zero value of a field is the
// default that its comment names. Up and Serve keep a Config for as long as they run;
// do not change it meanwhile.
type Config struct {
	Data         string  // directory of log, vault and read model
	HTTP         string  // address of the HTTP API
	NATS         string  // for Up, the address of the embedded server; for Serve, the URL of the server to connect to
	Creds        string  // for Serve, a file with the password of the internal user, as Up leaves it in Data, or with NATS user credentials
	AnswersCreds string  // for Serve, a file like Creds, of the user answers on an external server
	Log          string  // nats://…, esdb://…, or mem:; empty is the log on the embedded server
	Auth         string  // access file: who may submit and who may ask; required if an address is not loopback
	TLSCert      string  // file of the certificate for HTTP and the embedded server; required if an address is not loopback
	TLSKey       string  // file of the private key of TLSCert
	Insecure     bool    // allows addresses beyond loopback without TLS, because a proxy in front speaks TLS
	Divisions    string  // file of the table of divisions; empty is the table of Shandong that is compiled in
	Vault        string  // directory of the vault, or postgres://… if several gateways share the vault; empty is vault in Data
	VaultKey     string  // file of the master key of the vault; empty is vault.key in Data
	Store        string  // directory of the read model, or postgres://…; empty is views in Data
	Standby      bool    // Serve projector waits for as long as another projector keeps the read model up to date
	Policy       string  // file of the policy pack that an empty log begins with; empty is the pack of the reference programme
	Simulate     float64 // scale of the synthetic province that an empty log is filled with, from 0.001 to 1; 0 is none
	Seed         uint64  // seed of the synthetic province

	FoldsAfter int // number of new events after which a snapshot of a fold is taken; 0 is 50,000

	SetAside []string // positions of events that the projector skips if it cannot read them

	// Reload has the access file read at once whenever a signal arrives. A nil
	// channel is allowed: the file is looked at every second anyway.
	Reload <-chan os.Signal

	accessFile *access.Live // the access file; nil until openAccess has read it
	serverCert string       // file of the certificate that the server to connect to must have; empty accepts what the system trusts

	Out    io.Writer    // progress and notices for people
	Logger *slog.Logger // operational log, without identities; nil logs nothing
}

// The names of files and directories under Config.Data.
const (
	logDir   = "log"
	vaultDir = "vault"
	modelDir = "views"
	foldDir  = "folds" // snapshots of folds

	lastSeenFile = "log.seen" // see package truncation
)

// dataPath returns the path of a file or directory under Data.
func (c *Config) dataPath(name string) string { return filepath.Join(c.Data, name) }

// loadDivisions reads the table of divisions that the deployment uses.
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

// firstPacks reads the policy packs that an empty log begins with: those of the reference
// programme, or the one in the file that Policy names.
func (c *Config) firstPacks() ([]*policy.Pack, error) {
	if c.Policy == "" {
		return policy.References()
	}
	pack, err := readPack(c.Policy)
	return []*policy.Pack{pack}, err
}

// readPack reads and checks a policy pack. Errors name the flag --policy.
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

// setAsidePositions parses the positions of events that the projector may skip.
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

// explainPoisoned adds to runner.ErrPoisoned what an operator can do about it. Other
// errors are returned as they are.
func explainPoisoned(err error) error {
	if !errors.Is(err, runner.ErrPoisoned) {
		return err
	}
	return fmt.Errorf("%w; nothing behind it is shown. A newer version of Muster may be able to read it; to leave it out of the views, start with --set-aside and its position", err)
}

// isLoopback reports whether addr, which is host:port or a URL, is reachable from this
// machine only.
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

// makeData creates the data directory, accessible to its owner only.
func (c *Config) makeData() error {
	if c.Data == "" {
		return errors.New("--data: name a directory")
	}
	return os.MkdirAll(c.Data, 0o700)
}
