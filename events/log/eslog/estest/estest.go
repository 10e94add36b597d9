// Package estest implements an EventStoreDB server in memory. With it the real client
// library and the driver run in tests over real connections, without an installed
// server.
//
// The server is faithful in what an event log relies on: expected revisions, repeated
// appends, the maximum append size, missing streams, reads of a stream and of $all in
// both directions, subscriptions to $all with server-side filters, checkpoints and
// caught-up messages, sparse positions that are shared with system streams, basic
// authentication over TLS, and the redirection from a follower to the leader. Tests
// can order faults: lost answers, cut connections, a server that does not answer, or
// one that stops and returns with its data.
//
// The server is not durable. It does not implement projections, persistent
// subscriptions and access lists. Retention and deletion hide events from readers of
// their stream, but only Scavenge removes them.
//
// The methods of a [Server] are safe for concurrent use.
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

// resumeTimeout is how long Resume tries to listen on its address again.
const resumeTimeout = 30 * time.Second

// Options change the behaviour of the server. The zero Options are a recent single
// node without security, whose $all also contains system events.
type Options struct {
	// User and Password, if not empty, are required of clients. The server then uses
	// TLS with a self-signed certificate.
	User, Password string
	// Reserved denies the user access to $all, as a server does for users who are not
	// administrators.
	Reserved bool
	// MaxAppend is the maximum size of an append in bytes; 1 MiB if zero.
	MaxAppend int
	// Old leaves out what later versions introduced: positions in stream reads and in
	// the answer to a repeated append, and caught-up messages.
	Old bool
	// Forgetful answers a repeated append with a conflict.
	Forgetful bool
	// Quiet leaves out the system events.
	Quiet bool
	// Leader makes this node a follower without data, which redirects calls for the
	// leader to that server.
	Leader *Server
	// Version is the version that the server reports; 23.10.0 if empty.
	Version string
	// ReadLag is how long accepted events cannot be read. An append is answered when
	// its events can be read. A refusal is answered at once, by what was accepted; a
	// repeated append is refused during the lag. Real leaders lag by some
	// milliseconds (tested by hand with 24.10, on a cluster of three, and on one node
	// with the standard projections).
	ReadLag time.Duration
	// LateRepeats is how late the first twenty repeated appends are answered, if they
	// are repeated within half of that time. The answer is a timeout, because the
	// leader drops them while the first append is not replicated. About two seconds
	// were observed (tested by hand with 24.10), only for the first twenty in a
	// server's life, for an unknown reason.
	LateRepeats time.Duration
	// PasswordCost is how long one of two processors checks the password of a call.
	// Some server versions take 125 ms for each call (tested by hand).
	PasswordCost time.Duration
	// Newer uses the protocol of later servers: a subscription is told that it fell
	// behind and that it caught up again, with a time and a position that this client
	// does not know. It is unknown when a real server reports that a subscription
	// fell behind; this one does so after each wait.
	Newer bool
	// Restless cuts the connection of every n-th call, alternately before it does
	// anything and when the first answer is sent, as if the leader had changed.
	Restless int
	// Checkpoints are additional checkpoints in filtered subscriptions.
	Checkpoints Checkpoints
	// Others is how many records of other applications precede the first append, and
	// follow every twentieth append including the first. With more than a window of
	// them, a subscription reads whole windows from which its filter selects nothing.
	Others int
}

// A Server is one node. Its methods are safe for concurrent use.
type Server struct {
	options Options
	store   *store
	tls     *tls.Config
	addr    string
	faults  faults

	processors chan struct{} // one slot for each password check
	gaveUp     atomic.Int64  // calls that ended before their password was checked
	streams    atomic.Int64  // calls that were admitted
	late       atomic.Int64  // appends that were answered late, or would have been

	mu       sync.Mutex
	grpc     *grpc.Server // nil while the server is stopped
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

// URL returns the connection string of this server with its credentials.
func (s *Server) URL() string { return s.URLFor(s.options.User, s.options.Password) }

// URLFor returns the connection string with other credentials.
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

// Stop cuts every connection and stops listening. The server keeps its data.
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
	// While the server was stopped, another connection may have got the address as
	// its own.
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
		// The client sends a ping every ten seconds, also without calls.
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

// cut closes the connections of one client, or all connections if remote is empty.
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

// A listener records the connections that it accepted, so that they can be cut.
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

// Connections returns the number of open connections.
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
