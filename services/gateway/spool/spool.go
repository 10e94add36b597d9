// Package spool keeps the part of a response that the client has not read yet,
// so that a server can go on reading the request meanwhile.
//
// Clients exist that read nothing before they have sent everything. If the
// server waited for such a client to read, and the client for the server to
// read, neither would ever go on. A [Spool] accepts what the server writes at
// once, and sends it from a goroutine of its own:
//
//	Write ──► memory, 1 MiB ──► file, 1 GiB ──► sender ──► client
//	          (first)           (when memory     (a goroutine)
//	                             is full)
//
// The bytes arrive in the order in which they were written. The file has no
// name, so that nothing is left of it when the process ends, however it ends.
package spool

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	memoryLimit = 1 << 20 // bytes that wait in memory
	fileLimit   = 1 << 30 // bytes that wait in the file

	// closingTime is how long a client may take for one part of the response
	// once everything was written.
	closingTime = time.Minute

	// partSize bounds what is read from the file and sent at once, in bytes.
	partSize = 256 << 10
)

var (
	// ErrFull says that the client has left a gigabyte of the response unread.
	ErrFull = errors.New("gateway: the client does not read its receipts")
	// ErrGone says that the connection to the client has broken.
	ErrGone = errors.New("gateway: the client is gone")
)

// A Spool sends a response while the request is still being read. Write and
// Close are called by one goroutine.
type Spool struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	dir        string
	senderDone chan struct{} // closed when the sender has ended

	mu       sync.Mutex
	changed  *sync.Cond // something was written, or Close was called
	hold     bool
	memory   []byte // older than everything in the file
	freeList []byte // the buffer that was sent last, to be filled again
	file     *os.File
	start    int64 // offsets of what waits in the file
	end      int64
	closed   bool
	sendErr  error
}

// New returns a spool that sends to w. The file, if there has to be one, is made
// in the folder dir; the empty string stands for the default folder of the
// system.
//
// With hold nothing is sent before Close is called or the file is half full.
// This is meant for clients that announced the length of their request and mostly
// send all of it before they read. The receive window of such a client may be
// full, and since version 6.17 Linux drops every segment that lies beyond a
// window, acknowledgements included: the server then cannot even tell the client
// that its own window is open again, and both were seen to stand still for ever.
func New(w http.ResponseWriter, dir string, hold bool) *Spool {
	s := &Spool{w: w, controller: http.NewResponseController(w), dir: dir, senderDone: make(chan struct{}), hold: hold}
	s.changed = sync.NewCond(&s.mu)
	go s.runSender()
	return s
}

// Write accepts b without waiting for the client. It fails with [ErrGone] if an
// earlier part could not be sent, with [ErrFull] if the client is too far behind,
// and with the error of the file system if the file cannot be written.
func (s *Spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sendErr != nil {
		return 0, s.sendErr
	}
	if s.start == s.end && len(s.memory)+len(b) <= memoryLimit {
		s.memory = append(s.memory, b...)
	} else if err := s.writeFile(b); err != nil {
		return 0, err
	}
	s.hold = s.hold && s.end < fileLimit/2
	s.changed.Signal()
	return len(b), nil
}

// writeFile appends b to the file. The caller holds the mutex.
func (s *Spool) writeFile(b []byte) error {
	if s.end-s.start+int64(len(b)) > fileLimit {
		return ErrFull
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "muster-receipts-*")
		if err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		if err := os.Remove(f.Name()); err != nil {
			return errors.Join(err, f.Close())
		}
		s.file = f
	}
	n, err := s.file.WriteAt(b, s.end)
	s.end += int64(n)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}

// Close waits until everything was sent, or until the client has taken nothing
// for a minute. It returns the error of the sender.
func (s *Spool) Close() error {
	s.mu.Lock()
	s.closed, s.hold = true, false
	s.changed.Signal()
	s.mu.Unlock()
	_ = s.controller.SetWriteDeadline(time.Now().Add(closingTime))
	<-s.senderDone
	if s.file != nil {
		_ = s.file.Close() // it has no name; closing it deletes it
	}
	return s.sendErr
}

// runSender is the sender's goroutine. It ends when everything was sent after Close,
// or when the client is gone.
func (s *Spool) runSender() {
	defer close(s.senderDone)
	for {
		part, closed, err := s.nextPart()
		if len(part) == 0 && err == nil {
			return
		}
		if err == nil {
			if closed {
				_ = s.controller.SetWriteDeadline(time.Now().Add(closingTime))
			}
			if _, err = s.w.Write(part); err == nil {
				err = s.controller.Flush()
			}
		}
		if err != nil {
			s.mu.Lock()
			s.sendErr = fmt.Errorf("%w: %w", ErrGone, err)
			s.mu.Unlock()
			return
		}
	}
}

// nextPart waits for something to send and takes it. It returns no bytes when
// the spool was closed and everything was sent. A part is valid until the next
// call.
func (s *Spool) nextPart() (part []byte, closed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for (s.hold || len(s.memory) == 0 && s.start == s.end) && !s.closed {
		s.changed.Wait()
	}
	switch {
	case len(s.memory) > 0:
		part = s.memory
		s.memory, s.freeList = s.freeList[:0], part
	case s.start < s.end:
		part, err = s.readFile()
	}
	return part, s.closed, err
}

// readFile takes a part out of the file, and empties the file after the last
// one. The caller holds the mutex.
func (s *Spool) readFile() ([]byte, error) {
	part := make([]byte, min(s.end-s.start, partSize))
	if _, err := s.file.ReadAt(part, s.start); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	s.start += int64(len(part))
	if s.start < s.end {
		return part, nil
	}
	s.start, s.end = 0, 0
	return part, s.file.Truncate(0)
}
