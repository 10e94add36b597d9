package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	// look is how often the server inside is looked at.
	look = 500 * time.Millisecond
	// room is how much must fit on the disk before it is started again, so
	// that it does not fill up in the next moment.
	room = 16 << 20
)

// watch replaces the server inside when JetStream has turned itself off, which
// it does when a write fails for want of space, and never turns on again.
func (s *Server) watch() {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-ticker.C:
		}
		ns := s.current()
		if ns.Running() && ns.JetStreamEnabled() || !s.hasRoom() {
			continue
		}
		s.say(slog.LevelWarn, "JetStream is off and there is space: starting the server again")
		ns.Shutdown()
		ns.WaitForShutdown()
		if err := s.start(); err != nil {
			s.say(slog.LevelError, err.Error()) // and again at the next look
		}
	}
}

// hasRoom writes a file and removes it: free space as the system tells it
// counts neither quotas nor what is kept for root.
func (s *Server) hasRoom() bool {
	f, err := os.CreateTemp(s.options.Dir, "room-*")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	chunk := make([]byte, 1<<20)
	for range room / len(chunk) {
		if _, err := f.Write(chunk); err != nil {
			return false
		}
	}
	return f.Sync() == nil
}

func (s *Server) say(level slog.Level, text string) {
	if s.options.Logger != nil {
		s.options.Logger.Log(context.Background(), level, text)
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
func (l *logger) Warnf(format string, v ...any)   { l.write(slog.LevelWarn, format, v) }
func (l *logger) Errorf(format string, v ...any)  { l.write(slog.LevelError, format, v) }
func (l *logger) Debugf(format string, v ...any)  { l.write(slog.LevelDebug, format, v) }
func (l *logger) Tracef(format string, v ...any)  { l.write(slog.LevelDebug, format, v) }
