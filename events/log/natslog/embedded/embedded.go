// Package embedded runs a NATS server with JetStream inside the process, set
// up as the event log needs it: file storage in a directory of its own, every
// write fsynced before it is acknowledged, messages of up to 8 MiB.
//
// Who may do what is a matter of accounts, and an account hears and reaches
// nothing of another but what is exported to it:
//
//   - MUSTER holds the stream and the services. Its only user is internal,
//     with a random password in the data directory (file internal.password,
//     mode 0600), so that a process of the same operator on the same machine
//     can connect as well. It may do everything there.
//   - Each agency has an account of its own, with one user, or with two while it
//     changes keys. It may publish to
//     muster.submit.<agency> alone and subscribe to inboxes alone, and so it
//     cannot write to muster.log.>, use $JS.API.> or hear another agency.
//     Accounts matter here, permissions alone would not do: a service answers
//     to the reply subject that the request names, as a user that may publish
//     anything, and a request from the same account could name muster.log.x.
//     The answer to an agency is delivered in the agency's account.
//   - local is the agency of whoever connects without credentials, if the
//     server listens on loopback; on any other address nobody may. It may also
//     ask $SRV.PING and $SRV.INFO, so that "nats micro ls" works. $SRV.STATS
//     is kept in, because it quotes the last error of each service.
//   - SYS has the user system, with internal's password: for monitoring.
//
// External says the same in the configuration of a server that is elsewhere.
//
// In its account an agency may use any inbox prefix. On a server shared by
// accounts of another making, use _INBOX.<agency>, which works here too.
//
// A disk that is full makes the server refuse in silence, or turn JetStream
// off, and it does not come back by itself. A Server watches for that: it lets
// appends fail at once (log.ErrUnavailable), and as soon as there is space
// again replaces the whole server inside, on the same address and files.
// Clients reconnect by themselves. What was acknowledged before is there, as
// after any restart.
//
// One data directory belongs to one process at a time, by a lock on a file in
// it that the kernel drops when the process ends.
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

// MaxPayload is the largest message the server takes, in bytes: the largest
// body of an agency's request.
const MaxPayload = 8 << 20

// patience is how long a start may take by default, and perGigabyte how much
// more for each gigabyte of files. A log that was stopped is there at once; one
// whose index is lost or outdated is read through: 40 seconds a gigabyte, measured
// where the machine had ten times its fill to do.
const (
	patience    = 5 * time.Minute
	perGigabyte = time.Minute
)

// ErrInUse says that another process has the data directory open.
var ErrInUse = errors.New("embedded: data directory is in use by another process")

// Options say where the server keeps its data and who may connect.
type Options struct {
	// Dir is the data directory, made if it is missing.
	Dir string
	// Addr is where agencies connect, as host:port. Port 0 takes a free one.
	// Empty is 127.0.0.1:4222.
	Addr string
	// Agencies may connect with credentials. SetAgencies replaces them.
	Agencies []Agency
	// TLS, where it is set, is what everybody outside this process must speak.
	// It holds the server's certificate.
	TLS *tls.Config
	// Logger gets what the server has to say; nil drops it.
	Logger *slog.Logger
	// Patience is how long a start may take; where it is 0, 5 minutes and one
	// more for each gigabyte of files. There is damage that the server inside
	// takes years to count its way through.
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
	changing sync.Mutex // held while the agencies are brought into force

	mu       sync.Mutex
	server   *server.Server
	addr     string // with the port that was taken
	agencies []Agency
	ended    bool
}

// Start starts a server and returns when it takes connections and has recovered
// its data. It fails with ErrInUse, with log.ErrCorrupt when a stream that is in
// the directory cannot be recovered, and when the directory cannot be written or
// the address is taken.
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

// start runs a server inside. While that recovers its data, it says so now and
// then; when it has not done so in all patience, it is given up, and goes on in
// vain until the process ends.
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
	go func() { defer close(started); ns.Start() }() // which returns when the data are recovered
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
			go ns.Shutdown() // it would wait for whatever holds it up
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

// ClientURL is where agencies connect.
func (s *Server) ClientURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.TLS != nil {
		return "tls://" + s.addr
	}
	return "nats://" + s.addr
}

// InProcessConn makes a connection to the server without a socket, for
// nats.InProcessServer.
func (s *Server) InProcessConn() (net.Conn, error) { return s.current().InProcessConn() }

// Connect connects inside the process as the internal user. The connection
// outlives a restart of the server inside.
func (s *Server) Connect(options ...nats.Option) (*nats.Conn, error) {
	return nats.Connect("", append([]nats.Option{
		nats.InProcessServer(s),
		nats.UserInfo(internal, s.password),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(50 * time.Millisecond),
		nats.ReconnectJitter(0, 0),
	}, options...)...)
}

// Shutdown stops the server: connections end, the files are synced and closed,
// the directory is free again.
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

// Credentials lets a process of the same operator connect as the internal user
// to the server whose data directory is dir.
func Credentials(dir string) (nats.Option, error) { return userInfo(dir, internal) }

// SystemCredentials is Credentials for the system user.
func SystemCredentials(dir string) (nats.Option, error) { return userInfo(dir, system) }

func userInfo(dir, user string) (nats.Option, error) {
	b, err := os.ReadFile(filepath.Join(dir, passwordFile))
	if err != nil {
		return nil, fmt.Errorf("embedded: credentials: %w", err)
	}
	return nats.UserInfo(user, strings.TrimSpace(string(b))), nil
}
