package sqlite

import (
	"fmt"
	"os"
)

// A flusher flushes the file of a bulk load while the load goes on, so that little is
// left to flush when the load ends and nothing else can be done. It only saves time:
// durable is what SQLite flushes itself when a transaction commits.
type flusher struct {
	file *os.File
	free chan struct{} // holds one while nothing is being flushed
}

// startFlusher opens a file that no other process has open. The flusher must be
// closed after SQLite has closed the file: a process that closes a file releases all
// locks that it has on the file, also those that SQLite took.
func startFlusher(path string) (*flusher, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	free := make(chan struct{}, 1)
	free <- struct{}{}
	return &flusher{f, free}, nil
}

// flush starts to flush what was written so far, unless a flush is under way. It
// ignores an error, which SQLite meets too when it flushes the file itself.
func (f *flusher) flush() {
	select {
	case <-f.free:
		go func() {
			_ = f.file.Sync()
			f.free <- struct{}{}
		}()
	default:
	}
}

// close waits for the flush that is under way, and closes the file.
func (f *flusher) close() error {
	<-f.free
	return f.file.Close()
}
