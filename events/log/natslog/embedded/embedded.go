// Package embedded runs a NATS server with JetStream in the process, configured for
// the event log: file storage in a directory of its own, every write fsynced before
// it is acknowledged, messages of up to 8 MiB.
//
// Accounts separate the users. An account cannot see or reach anything of another
// account except what that account exports:
//
//   - MUSTER contains the stream and the services. Its user internal may do everything there; its user answers takes
//     requests and may publish to reply subjects alone. The
//     random password is in the data directory (file internal.password, mode 0600), so that another process of the
//     same operator on the same machine can connect.
//   - Each agency has an account of its own with one user, or with two while it changes keys. The user may only
//     publish to muster.submit.<agency> and only subscribe to inboxes. It therefore cannot write to muster.log.>, use
//     $JS.API.>, or hear another agency. Permissions without accounts would not suffice: a service answers to the
//     reply subject that the request names, with the right to publish anywhere, so a request in the same account could
//     name muster.log.x. The answer to an agency is delivered in the agency's account.
//   - local is the agency of connections without credentials. It exists only if the server listens on loopback. It may
//     also ask $SRV.PING and $SRV.INFO, so that "nats micro ls" works, but not $SRV.STATS, which quotes the last error
//     of each service.
//   - SYS has the user system, with the password of internal, for monitoring.
//
// [External] returns the same configuration for a server elsewhere.
//
// In its account an agency may use any inbox prefix. On a server whose accounts were
// made in another way, use _INBOX.<agency>, which works here too.
//
// When the disk is full, nats-server refuses writes silently or turns JetStream off,
// and does not recover by itself. A [Server] watches for this. It lets appends fail
// at once with log.ErrUnavailable. As soon as there is space, it replaces the NATS
// server by a new one on the same address and files. Clients reconnect by themselves,
// and all acknowledged commits are there, as after any restart.
//
// Only one process at a time can use a data directory. It holds a lock on a file in
// the directory, which the kernel releases when the process ends.
//
// The methods of a Server are safe for concurrent use.
package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// MaxPayload is the size in bytes of the largest message that the server accepts, and
// so of the largest request of an agency.
const MaxPayload = 8 << 20

// patience is how long a start may take by default, and perGigabyte is the additional
// time for each gigabyte of files. A log that was stopped in order starts at once. If
// its index is lost or outdated, all files are read, which took 40 seconds for a
// gigabyte on a machine with ten times its usual load.
const (
	patience    = 5 * time.Minute
	perGigabyte = time.Minute
)

// ErrInUse is returned if another process has locked the data directory.
var ErrInUse = errors.New("embedded: data directory is in use by another process")

// Options say where the server stores its data and who may connect.
type Options struct {
	// Dir is the data directory. It is created if it does not exist.
	Dir string
	// Addr is the address on which agencies connect, as host:port. Port 0 chooses a
	// free port. The default is 127.0.0.1:4222.
	Addr string
	// Agencies may connect with credentials. [Server.SetAgencies] replaces them.
	Agencies []Agency
	// TLS, if not nil, is required of all connections from outside this process. It
	// contains the server's certificate.
	TLS *tls.Config
	// Logger receives the log messages of the server. If it is nil, they are
	// discarded.
	Logger *slog.Logger
	// Patience is how long a start may take. The default is 5 minutes, and one minute
	// more for each gigabyte of files. The limit exists because certain damage makes
	// nats-server count for years.
	Patience time.Duration
}

// A Server is a running NATS server. Its methods are safe for concurrent use.
type Server struct {
	options  Options
	password string
	lock     *os.File
	quit     chan struct{}
	watching sync.WaitGroup
	stopping sync.Once
	changing sync.Mutex // held while the agencies are loaded

	mu       sync.Mutex
	server   *server.Server
	addr     string // the address in use, with the chosen port
	agencies []Agency
	ended    bool
}

// Start starts a server. It returns when the server has recovered its data and
// accepts connections. The error is ErrInUse, log.ErrCorrupt if a stream in the
// directory cannot be recovered, or another error if the directory cannot be written
// or the address is in use.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:4222"
	}
	for _, a := range o.Agencies {
		if err := a.check(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	password, err := ensurePassword(o.Dir)
	if err != nil {
		lock.Close()
		return nil, err
	}
	s := &Server{options: o, password: password, lock: lock, quit: make(chan struct{}), addr: o.Addr, agencies: o.Agencies}
	if err := s.start(); err != nil {
		lock.Close()
		return nil, err
	}
	s.watching.Go(s.watch)
	return s, nil
}

// start starts a NATS server. It logs progress while the server recovers its data. If
// that takes longer than the start timeout, start gives up; the NATS server cannot be
// stopped then and continues until the process ends.
func (s *Server) start() error {
	o, agencies, err := s.serverOptions()
	if err != nil {
		return err
	}
	ns, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	if err := s.guard(); err != nil {
		return err
	}
	if err := s.repairFiles(); err != nil {
		return errors.Join(err, s.unguard())
	}
	messages := &logger{to: s.options.Logger}
	ns.SetLoggerV2(messages, false, false, false)
	patience := s.startTimeout()
	began, said := time.Now(), time.Now()
	started := make(chan struct{})
	go func() { defer close(started); ns.Start() }() // Start returns when the data is recovered
	for !ns.ReadyForConnections(50*time.Millisecond) || !ns.JetStreamEnabled() {
		if why := messages.fatal(); why != "" {
			<-started
			ns.Shutdown()
			ns.WaitForShutdown()
			if err := s.unguard(); err != nil {
				return err
			}
			return fmt.Errorf("embedded: server did not start on %s with data in %s: %s", s.addr, s.options.Dir, why)
		}
		if time.Since(began) > patience {
			go ns.Shutdown() // Shutdown would wait for the recovery
			return fmt.Errorf("embedded: server still recovers the data in %s after %v: they may be damaged; keep a copy, and restore them from a backup or a replica", s.options.Dir, patience)
		}
		if time.Since(said) > min(patience/30, 10*time.Second) {
			said = time.Now()
			s.say(slog.LevelWarn, "recovering the log: it is large, or damaged", "dir", s.options.Dir, "for", time.Since(began).Round(time.Second), "at most", patience)
		}
	}
	if err := s.verifyRecovered(ns); err != nil {
		<-started
		ns.Shutdown()
		ns.WaitForShutdown()
		return errors.Join(err, s.unguard())
	}
	s.mu.Lock()
	if s.ended {
		defer s.mu.Unlock()
		ns.Shutdown()
		ns.WaitForShutdown()
		return server.ErrServerNotRunning
	}
	s.server, s.addr = ns, ns.Addr().String()
	s.mu.Unlock()
	return s.reloadAgencies(agencies)
}

func (s *Server) current() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server
}

// ClientURL returns the URL on which agencies connect.
func (s *Server) ClientURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.TLS != nil {
		return "tls://" + s.addr
	}
	return "nats://" + s.addr
}

// InProcessConn returns a connection to the server without a socket, for
// nats.InProcessServer.
func (s *Server) InProcessConn() (net.Conn, error) { return s.current().InProcessConn() }

// Connect connects as the internal user, inside the process. The connection survives
// a replacement of the NATS server.
func (s *Server) Connect(options ...nats.Option) (*nats.Conn, error) {
	return s.connectAs(internal, options)
}

// ConnectAnswers is Connect as the user answers, who takes requests and may publish to
// reply subjects alone.
func (s *Server) ConnectAnswers(options ...nats.Option) (*nats.Conn, error) {
	return s.connectAs(answers, options)
}

func (s *Server) connectAs(user string, options []nats.Option) (*nats.Conn, error) {
	return nats.Connect("", append([]nats.Option{
		nats.InProcessServer(s),
		nats.UserInfo(user, s.password),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(50 * time.Millisecond),
		nats.ReconnectJitter(0, 0),
	}, options...)...)
}

// Shutdown stops the server: it closes connections, syncs and closes the files, and
// releases the directory. It may be called again.
func (s *Server) Shutdown() {
	s.stopping.Do(func() {
		close(s.quit)
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		s.watching.Wait()
		ns := s.current()
		ns.Shutdown()
		ns.WaitForShutdown()
		s.lock.Close()
	})
}

// Credentials returns the option by which a process of the same operator connects as
// the internal user to the server whose data directory is dir.
func Credentials(dir string) (nats.Option, error) { return userInfo(dir, internal) }

// SystemCredentials is like [Credentials] for the system user.
func SystemCredentials(dir string) (nats.Option, error) { return userInfo(dir, system) }

func userInfo(dir, user string) (nats.Option, error) {
	b, err := os.ReadFile(filepath.Join(dir, passwordFile))
	if err != nil {
		return nil, fmt.Errorf("embedded: credentials: %w", err)
	}
	return nats.UserInfo(user, strings.TrimSpace(string(b))), nil
}
