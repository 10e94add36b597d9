package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// lookInterval is how often the NATS server is checked.
	lookInterval = 250 * time.Millisecond
	// looksBeforeRestart is how many checks in a row must find the same fault. A
	// single check may see a stream that is just being created: its files exist
	// before the server knows the stream, and it counts as not recovered.
	looksBeforeRestart = 4
	// maxRestartPause is the longest pause between restarts that do not help.
	maxRestartPause = time.Minute
	// minFreeSpace is how many bytes must be free on the disk before the server is
	// restarted, so that the disk is not full again at once.
	minFreeSpace = 16 << 20
)

// watch checks the NATS server until Shutdown. A failed write, usually for lack of
// space, leaves a stream that accepts nothing and answers nothing, or turns JetStream
// off, until the server is restarted. In this case watch turns JetStream off, so that
// requests fail at once, and replaces the server as soon as there is space.
func (s *Server) watch() {
	delay := lookInterval
	why, looks := "", 0
	for off := false; ; {
		select {
		case <-s.quit:
			return
		case <-time.After(delay):
		}
		ns := s.current()
		if !off {
			health := ns.Healthz(nil)
			if health.Status == "ok" {
				delay, looks = lookInterval, 0
				continue
			}
			if health.Error != why {
				why, looks = health.Error, 0
			}
			if looks++; looks < looksBeforeRestart {
				continue
			}
			off = true
			s.say(slog.LevelError, "the log cannot be written: JetStream is off until there is space", "health", health.Error)
			disableJetStream(ns)
		}
		if !s.hasFreeSpace() {
			continue
		}
		delay = min(2*delay, maxRestartPause) // a restart may not be able to repair the fault
		s.say(slog.LevelWarn, "there is space: starting the server again")
		ns.Shutdown()
		ns.WaitForShutdown()
		if err := s.start(); err != nil {
			s.say(slog.LevelError, "the server does not start, trying again", "error", err)
			continue
		}
		off = false
	}
}

// disableJetStream turns JetStream off and disconnects all clients once, so that no
// client waits for an answer that will not come.
func disableJetStream(ns *server.Server) {
	ns.ShutdownJetStream()
	connections, err := ns.Connz(nil)
	if err != nil {
		return // requests then end with their time limit
	}
	for _, c := range connections.Conns {
		ns.DisconnectClientByID(c.Cid)
	}
}

// hasFreeSpace reports whether the server can write again.
func (s *Server) hasFreeSpace() bool {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.options.Dir, &disk); err != nil || disk.Bavail*uint64(disk.Bsize) < minFreeSpace {
		return false
	}
	// Writing a file also detects quotas and a file system that became read-only.
	f, err := os.CreateTemp(s.options.Dir, "room-*")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = f.Write(make([]byte, minFreeSpace/16))
	return err == nil && f.Sync() == nil
}

func (s *Server) say(level slog.Level, text string, args ...any) {
	if s.options.Logger != nil {
		s.options.Logger.Log(context.Background(), level, text, args...)
	}
}

// A logger passes the messages of nats-server to the slog.Logger. It records fatal
// errors, on which a server of its own would exit.
type logger struct {
	to  *slog.Logger
	mu  sync.Mutex
	why string
}

func (l *logger) write(level slog.Level, format string, v []any) {
	if l.to != nil {
		l.to.Log(context.Background(), level, fmt.Sprintf(format, v...))
	}
}

func (l *logger) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

func (l *logger) Fatalf(format string, v ...any) {
	l.mu.Lock()
	l.why = fmt.Sprintf(format, v...)
	l.mu.Unlock()
	l.write(slog.LevelError, format, v)
}

func (l *logger) Noticef(format string, v ...any) { l.write(slog.LevelInfo, format, v) }
func (l *logger) Warnf(format string, v ...any) {
	// The passwords are random and exist only in this process's memory. nats-server
	// requires the plain password of the user local, as whom nobody logs in.
	if !strings.HasPrefix(format, "Plaintext passwords detected") {
		l.write(slog.LevelWarn, format, v)
	}
}
func (l *logger) Errorf(format string, v ...any) { l.write(slog.LevelError, format, v) }
func (l *logger) Debugf(format string, v ...any) { l.write(slog.LevelDebug, format, v) }
func (l *logger) Tracef(format string, v ...any) { l.write(slog.LevelDebug, format, v) }
