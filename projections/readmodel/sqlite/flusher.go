package sqlite

import (
	"fmt"
	"os"
)

// A flusher flushes a file beside a bulk load, so that the end of the load, which
// nothing else can be done beside, has little left to flush. What it flushes
// promises nothing: SQLite flushes all that a transaction wrote once more.
type flusher struct {
	file *os.File
	free chan struct{} // holds one while nothing is being flushed
}

// startFlusher opens the file, which whoever asks must have to itself. It is closed
// after SQLite has closed it: a process that closes a file lets go of all locks that
// it has on it, by whichever way it was opened.
func startFlusher(path string) (*flusher, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	free := make(chan struct{}, 1)
	free <- struct{}{}
	return &flusher{f, free}, nil
}

// flush begins to flush what was written so far, unless that is being done. An
// error is SQLite's as well, which has the file open itself: it is told there.
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

// close waits for what is being flushed.
func (f *flusher) close() error {
	<-f.free
	return f.file.Close()
}
