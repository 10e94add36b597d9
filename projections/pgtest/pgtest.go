// Package pgtest gives tests a real PostgreSQL.
//
// It starts a throw-away server of the binaries that are installed (as Debian's
// package postgresql installs them, or found by PATH), which listens on a Unix
// socket in a directory of its own and nowhere else: no fixed port, nobody from
// outside. The server and its directory are gone when the process that asked
// for it is, however that ends. A test run as root starts the server as the
// user postgres, or else nobody, since PostgreSQL refuses to run as root.
//
// Where PostgreSQL is not installed a test is skipped and says so; with CI set
// in the environment it fails instead.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// hasty turns off what makes a commit durable: faster, and right for all
// tests but those that measure.
var hasty = []string{"fsync=off", "full_page_writes=off", "synchronous_commit=off"}

// Database returns the postgres:// URL of a new, empty database, dropped when
// the test ends. All of a process share one server; commits on it are not
// flushed to the disk.
func Database(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		missing(t, err)
	}
	return s.database(t)
}

// Start is Database on a server of its own that flushes every commit, as a
// deployment's does, with settings like "work_mem=64MB" on top. It takes a
// second or two, and ends with the test.
func Start(t testing.TB, settings ...string) string {
	t.Helper()
	s, err := start(settings)
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(s.stop)
	return s.database(t)
}

var shared = sync.OnceValues(func() (*server, error) { return start(hasty) })

func missing(t testing.TB, err error) {
	t.Helper()
	if none := *new(notInstalled); errors.As(err, &none) && os.Getenv("CI") == "" {
		t.Skipf("SKIPPED: not run against PostgreSQL: %v", err)
	}
	t.Fatalf("pgtest: %v", err)
}

var databases atomic.Int64

func (s *server) database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		// FORCE ends the connections that a killed process left behind.
		if err := s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return s.url(name)
}

func (s *server) exec(statement string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, statement)
	return err
}
