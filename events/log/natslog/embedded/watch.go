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
	// look is how often the server inside is looked at.
	lookInterval = 250 * time.Millisecond
	// convinced is how many looks in a row must find the same wrong: a stream that
	// is being made has its files before the server knows it, and counts as one
	// that could not be recovered.
	looksBeforeRestart = 4
	// rest is the longest pause between two starts that did not help.
	maxRestartPause = time.Minute
	// room is how much must fit on the disk before it is started again, so
	// that it does not fill up in the next moment.
	minFreeSpace = 16 << 20
)

// watch looks after the server inside. A write that fails, for want of space
// mostly, leaves the server with a stream that takes nothing more and answers
// nothing, or with JetStream turned off, until it is started again. So watch
// turns JetStream off for good, which lets requests fail at once, and when
// there is space replaces the server.
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
		delay = min(2*delay, maxRestartPause) // it may be something that no start mends
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

// turnOff stops JetStream and disconnects everybody once, so that nobody waits
// for an answer that will not come.
func disableJetStream(ns *server.Server) {
	ns.ShutdownJetStream()
	connections, err := ns.Connz(nil)
	if err != nil {
		return // and requests run into their time limit instead
	}
	for _, c := range connections.Conns {
		ns.DisconnectClientByID(c.Cid)
	}
}

// hasRoom says whether the server can write again.
func (s *Server) hasFreeSpace() bool {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.options.Dir, &disk); err != nil || disk.Bavail*uint64(disk.Bsize) < minFreeSpace {
		return false
	}
	// There are quotas, and disks that are read-only of a sudden.
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

// A logger hands the server's messages on, and keeps what it would have ended
// a process of its own for.
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
	// The passwords are those of this process, random and in memory; the user
	// that nobody logs in as must have one that is not hashed.
	if !strings.HasPrefix(format, "Plaintext passwords detected") {
		l.write(slog.LevelWarn, format, v)
	}
}
func (l *logger) Errorf(format string, v ...any) { l.write(slog.LevelError, format, v) }
func (l *logger) Debugf(format string, v ...any) { l.write(slog.LevelDebug, format, v) }
func (l *logger) Tracef(format string, v ...any) { l.write(slog.LevelDebug, format, v) }
