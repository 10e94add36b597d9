package deployment

import (
	"net"
	"sync"
	"time"
)

// maxConnections bounds the HTTP connections of a process. A connection takes some 20 kB and
// a file descriptor.
const maxConnections = 8192

// A connectionLimit is a listener that keeps to a number of connections. One address may
// have as many as are free besides, so that half of all is the most for one address, and
// an address without any finds room. A connection beyond that is closed at once: a client
// that is told nothing tries again, and one that had to wait in line could not be told from
// a deployment that hangs.
type connectionLimit struct {
	net.Listener
	limit int

	mu     sync.Mutex
	open   int
	hosts  map[string]int
	warned time.Time
	warn   func(message string, pairs ...any)
}

// limitConnections returns a listener that keeps to limit connections, and calls warn at
// most once a minute when it closes some.
func limitConnections(l net.Listener, limit int, warn func(string, ...any)) *connectionLimit {
	return &connectionLimit{Listener: l, limit: limit, hosts: map[string]int{}, warn: warn}
}

// Accept returns the next connection within the limit.
func (l *connectionLimit) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
		if err != nil {
			host = conn.RemoteAddr().String()
		}
		if l.admit(host) {
			return &limitedConn{Conn: conn, closed: sync.OnceFunc(func() { l.release(host) })}, nil
		}
		_ = conn.Close() // nobody is told
	}
}

func (l *connectionLimit) admit(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if free := l.limit - l.open; l.hosts[host] < free {
		l.open++
		l.hosts[host]++
		return true
	}
	if now := time.Now(); now.Sub(l.warned) > time.Minute {
		l.warned = now
		l.warn("HTTP connections are closed at once: too many are open", "address", host, "of_address", l.hosts[host], "open", l.open, "limit", l.limit)
	}
	return false
}

func (l *connectionLimit) release(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.hosts[host]--; l.hosts[host] == 0 {
		delete(l.hosts, host)
	}
}

// A limitedConn is counted until it is closed.
type limitedConn struct {
	net.Conn
	closed func()
}

// Close closes the connection.
func (c *limitedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
