package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// A server is a running PostgreSQL.
type server struct {
	dir    string         // socket, data and what the server says
	keep   io.WriteCloser // the server lives until this is closed
	keeper *exec.Cmd
}

type notInstalled string

func (e notInstalled) Error() string { return string(e) }

// keeper runs the server until its own standard input ends, which happens when
// the test process does, and then leaves nothing behind.
const keeper = `"$0" "$@" & server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$PWD"`

// patience is how long a server may take to come up on a loaded machine.
const patience = time.Minute

func start(settings []string) (s *server, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	// The path of a Unix socket has about a hundred characters at most, which
	// a test's own directory may exceed.
	dir, err := os.MkdirTemp("/tmp", "pgtest")
	if err != nil {
		return nil, err
	}
	s = &server{dir: dir}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, s.said())
			s.stop()
		}
	}()
	run, err := servant(dir)
	if err != nil {
		return s, err
	}
	initdb := s.command(filepath.Join(bin, "initdb"), "-D", "data", "-U", "postgres", "-A", "trust",
		"--no-sync", "--encoding=UTF8", "--locale=C")
	initdb.SysProcAttr = run
	if out, err := initdb.CombinedOutput(); err != nil {
		return s, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	args := []string{"-c", keeper, filepath.Join(bin, "postgres"), "-D", "data", "-k", dir, "-c", "listen_addresses="}
	for _, set := range settings {
		args = append(args, "-c", set)
	}
	return s, s.serve(s.command("/bin/sh", args...), run)
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = s.dir
	c.Env = append(os.Environ(), "LC_ALL=C")
	return c
}

func (s *server) serve(c *exec.Cmd, run *syscall.SysProcAttr) error {
	said, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer said.Close()
	c.Stdout, c.Stderr, c.SysProcAttr = said, said, run
	if s.keep, err = c.StdinPipe(); err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	s.keeper = c
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) url(database string) string {
	return "postgres://postgres@/" + database + "?host=" + url.QueryEscape(s.dir)
}

// said is what the server wrote, for when it does not come up.
func (s *server) said() []byte {
	b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return b
}

func (s *server) stop() {
	if s.keeper != nil {
		s.keep.Close()
		s.keeper.Wait()
	}
	os.RemoveAll(s.dir)
}

// binaries is the folder of the newest PostgreSQL here.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", notInstalled("no postgres under /usr/lib/postgresql nor in PATH; install the Debian package postgresql")
	}
	return filepath.Dir(path), nil
}

// servant says as whom to run, and gives that user the directory. A group of
// its own keeps an interrupt at the terminal from reaching the server first.
func servant(dir string) (*syscall.SysProcAttr, error) {
	as := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return as, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as, os.Chown(dir, uid, gid)
}
