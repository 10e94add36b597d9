// Package estest is an EventStoreDB that lives in memory, so that the real
// client and the driver over it can run in tests, over real connections, with
// no server installed.
//
// It is faithful in what an event log leans on: expected revisions, appends
// sent again, the maximum append size, missing streams, reads of a stream and
// of $all in both directions, subscriptions to $all with the server's filters,
// checkpoints and caught-up, positions that are sparse and shared with system
// streams, basic authentication over TLS, and the redirection from a follower
// to the leader. Faults come on demand: lost answers, cut connections, a
// server that stands still or goes away and comes back with its data.
//
// It is not durable, keeps everything for ever, and knows nothing of
// projections, persistent subscriptions and access lists. Retention and deletion
// hide events from those who read their stream; only Scavenge takes them away.
package estest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// takeBack is how long Resume tries to get its address again.
const resumeTimeout = 30 * time.Second

// Options change how the server behaves. The zero value is a recent single
// node without security, and with system events between those of others.
type Options struct {
	// User and Password, when set, are asked for, and the server speaks TLS
	// with a certificate of its own making.
	User, Password string
	// Reserved keeps $all from the user, as a server does for those that are
	// not administrators.
	Reserved bool
	// MaxAppend is the most bytes one append may have; 1 MiB when zero.
	MaxAppend int
	// Old makes the server leave out what came with later versions: positions
	// in stream reads and in the answer to a repeated append, caught-up.
	Old bool
	// Forgetful makes the server answer a repeated append as a conflict.
	Forgetful bool
	// Quiet leaves out the system events.
	Quiet bool
	// Leader makes this node a follower that never got any data and sends
	// whoever asks for the leader there.
	Leader *Server
	// Version is what the server says of itself; 23.10.0 when empty.
	Version string
	// ReadLag is how long what was accepted cannot be read yet. An append is
	// answered when it can be read; a refusal is answered at once, by what was
	// accepted, and an append that is sent again meanwhile is refused. A leader
	// does so for some milliseconds (tried by hand, 24.10 as a cluster of three,
	// and on one node whose standard projections run).
	ReadLag time.Duration
	// LateRepeats is how late the first twenty appends are answered that are sent again
	// within half of that, and then with a timeout: the leader drops them while the first
	// one is not replicated. About two seconds have been seen (tried by hand, 24.10),
	// in the first twenty of a server's life; why not later is not known.
	LateRepeats time.Duration
	// PasswordCost is how long the password of a call is checked, by one of two
	// processors. One line of servers takes 125 ms each time (tried by hand).
	PasswordCost time.Duration
	// Newer has the protocol as later servers speak it: a subscription is told that it
	// fell behind, caught up again, and both with a time and a position that this
	// client does not know. When a server says that one fell behind is not known; this
	// one does after each wait.
	Newer bool
	// Restless cuts the connection of every so many-th call in the middle, in turn
	// before anything was done and when the first answer is due, as when a leader goes
	// away.
	Restless int
	// Checkpoints adds to the checkpoints that a filtered subscription is sent.
	Checkpoints Checkpoints
	// Others is how many records of other applications lie in front of the
	// first append, and behind every twentieth append, the first of them
	// included. With more than a window of them a subscription passes whole
	// windows that its filter selects nothing of.
	Others int
}

// A Server is one node. Its methods are safe for concurrent use.
type Server struct {
	options Options
	store   *store
	tls     *tls.Config
	addr    string
	faults  faults

	processors chan struct{} // one for each password that is checked
	gaveUp     atomic.Int64  // calls that ended before their password was checked
	streams    atomic.Int64  // calls that were let in
	late       atomic.Int64  // appends that were answered late, or would have been

	mu       sync.Mutex
	grpc     *grpc.Server // nil while stopped
	listener *listener
}

// Start starts a server on a free port of 127.0.0.1.
func Start(o Options) (*Server, error) {
	if o.MaxAppend == 0 {
		o.MaxAppend = 1 << 20
	}
	if o.Version == "" {
		o.Version = "23.10.0"
	}
	s := &Server{options: o, processors: make(chan struct{}, 2), store: newStore(o), addr: "127.0.0.1:0"}
	if o.User != "" {
		certificate, err := selfSigned()
		if err != nil {
			return nil, fmt.Errorf("estest: %w", err)
		}
		s.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}}
	}
	return s, s.Resume()
}

// URL is the connection string for this server, with its credentials.
func (s *Server) URL() string { return s.URLFor(s.options.User, s.options.Password) }

// URLFor is the connection string with other credentials.
func (s *Server) URLFor(user, password string) string {
	u := url.URL{Scheme: "esdb", Host: s.addr, RawQuery: "tls=false"}
	if s.tls != nil {
		u.RawQuery = "tlsVerifyCert=false"
		if user != "" {
			u.User = url.UserPassword(user, password)
		}
	}
	return u.String()
}

// Stop cuts every connection and stops listening. The data stay.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc != nil {
		s.listener.cut()
		s.faults.thaw()
		s.grpc.Stop()
		s.grpc = nil
	}
}

// Resume listens again, on the same address, after Stop.
func (s *Server) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpc != nil {
		return errors.New("estest: the server is running")
	}
	tcp, err := net.Listen("tcp", s.addr)
	// While nobody listened, a connection on its way elsewhere may have got
	// the address as its own.
	for end := time.Now().Add(resumeTimeout); err != nil && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		tcp, err = net.Listen("tcp", s.addr)
	}
	if err != nil {
		return fmt.Errorf("estest: %w", err)
	}
	s.addr = tcp.Addr().String()
	s.listener = &listener{Listener: tcp, open: map[string]net.Conn{}}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(17 << 20),
		// The client pings every ten seconds, with or without calls.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(s.unary),
		grpc.StreamInterceptor(s.stream),
	}
	if s.tls != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.tls)))
	}
	s.grpc = grpc.NewServer(options...)
	streams.RegisterStreamsServer(s.grpc, &streamsService{server: s})
	serverfeatures.RegisterServerFeaturesServer(s.grpc, featuresService{version: s.options.Version})
	go s.grpc.Serve(s.listener)
	return nil
}

// cut ends the connections of one client, or of all when remote is empty.
func (s *Server) cut(remote string) {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	if remote == "" {
		l.cut()
	} else {
		l.cutOne(remote)
	}
}

// A listener remembers the connections it accepted, to be able to cut them.
type listener struct {
	net.Listener
	mu   sync.Mutex
	open map[string]net.Conn
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c.RemoteAddr().String()] = c
	return &conn{Conn: c, forget: func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.open, c.RemoteAddr().String())
	}}, nil
}

func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.open {
		c.Close()
	}
}

func (l *listener) cutOne(remote string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.open[remote]; c != nil {
		c.Close()
	}
}

// Connections returns the number of connections open now.
func (s *Server) Connections() int {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

type conn struct {
	net.Conn
	forget func()
}

func (c *conn) Close() error {
	c.forget()
	return c.Conn.Close()
}
