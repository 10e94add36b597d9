package access

import (
	"context"
	"os"
	"sync/atomic"
	"time"
)

// A Live holds the list that is in force while its file changes. Its methods
// are safe for concurrent use, but only one Watch may run.
type Live struct {
	path    string
	current atomic.Pointer[List]
	seen    os.FileInfo // as the file was when it was read last, well or badly
	failed  string      // why it could not be read, empty where it was
}

// Open reads the access file at a path.
func Open(path string) (*Live, error) {
	l := &Live{path: path}
	if err := l.read(); err != nil {
		return nil, err
	}
	return l, nil
}

// List returns the list in force.
func (l *Live) List() *List { return l.current.Load() }

// Watch looks every so often whether the file has changed, and at once when
// something comes from hurry, and brings the new list into force. When the file
// cannot be read, or says what cannot be, the list before stays in force. Watch
// calls changed after each change with the list that is now in force, and with
// the error, where there is one. It returns when ctx ends.
func (l *Live) Watch(ctx context.Context, every time.Duration, hurry <-chan os.Signal, changed func(*List, error)) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		case <-hurry:
			asked = true
		}
		if asked || l.moved() {
			l.again(asked, changed)
		}
	}
}

// again reads the file, and tells of the outcome unless it is the same failure
// as before.
func (l *Live) again(asked bool, changed func(*List, error)) {
	before := l.failed
	err := l.read()
	l.failed = ""
	if err != nil {
		l.failed = err.Error()
	}
	if asked || err == nil || l.failed != before {
		changed(l.List(), err)
	}
}

// moved says whether the file is another one than the one that was read, or has
// been written to. A file that is gone is looked for again each time.
func (l *Live) moved() bool {
	now, err := os.Stat(l.path)
	return err != nil || l.failed != "" || !os.SameFile(l.seen, now) || now.Size() != l.seen.Size() || !now.ModTime().Equal(l.seen.ModTime())
}

// read brings what the file says into force.
func (l *Live) read() error {
	// Taken before the text: what is written meanwhile is seen the next time.
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	f, err := Load(l.path)
	if err != nil {
		return err
	}
	list, err := NewList(f)
	if err != nil {
		return err
	}
	l.seen = info
	l.current.Store(list)
	return nil
}
