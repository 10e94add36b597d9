package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	outboxMemory = 1 << 20 // bytes that wait in memory
	outboxFile   = 1 << 30 // and on disk
	closingTime  = time.Minute
)

var (
	errOutboxFull = errors.New("gateway: the client does not read its receipts")
	errGone       = errors.New("gateway: the client is gone")
)

// An outbox sends an answer while the request is still being read. Clients
// exist that read nothing until they have sent everything; so that neither
// side waits for the other, what they do not take yet waits here, in memory
// and beyond that in a file without a name.
//
// With hold nothing is sent before Close, as long as the file is half empty at
// least. That is for clients that said how long their request is, and mostly send
// all of it before they read. To one whose window is full a server cannot even
// say that its own is open again: Linux, from 6.17 on, drops whatever lies beyond
// a window, acknowledgements included, and the two were seen to stand still.
type outbox struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	dir  string
	sent chan struct{} // everything was sent, or will never be

	mu          sync.Mutex
	hold        bool
	more        *sync.Cond
	mem, spare  []byte // mem is older than what is in the file
	file        *os.File
	start, end  int64 // of what waits in the file
	closed      bool
	unreachable error
}

func newOutbox(w http.ResponseWriter, dir string, hold bool) *outbox {
	o := &outbox{w: w, rc: http.NewResponseController(w), dir: dir, sent: make(chan struct{}), hold: hold}
	o.more = sync.NewCond(&o.mu)
	go o.send()
	return o
}

// Write puts b into the outbox. It fails when the client is gone, or far
// behind.
func (o *outbox) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unreachable != nil {
		return 0, o.unreachable
	}
	if o.start == o.end && len(o.mem)+len(b) <= outboxMemory {
		o.mem = append(o.mem, b...)
	} else if err := o.spill(b); err != nil {
		return 0, err
	}
	o.hold = o.hold && o.end < outboxFile/2
	o.more.Signal()
	return len(b), nil
}

func (o *outbox) spill(b []byte) error {
	if o.end-o.start+int64(len(b)) > outboxFile {
		return errOutboxFull
	}
	if o.file == nil {
		f, err := os.CreateTemp(o.dir, "muster-receipts-*")
		if err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		if err := os.Remove(f.Name()); err != nil {
			return errors.Join(err, f.Close())
		}
		o.file = f
	}
	n, err := o.file.WriteAt(b, o.end)
	o.end += int64(n)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}

// Close waits until everything was sent, for as long as the client takes any.
func (o *outbox) Close() error {
	o.mu.Lock()
	o.closed, o.hold = true, false
	o.more.Signal()
	o.mu.Unlock()
	_ = o.rc.SetWriteDeadline(time.Now().Add(closingTime))
	<-o.sent
	if o.file != nil {
		_ = o.file.Close() // it has no name; closing it deletes it
	}
	return o.unreachable
}

func (o *outbox) send() {
	defer close(o.sent)
	for {
		part, closed, err := o.next()
		if len(part) == 0 && err == nil {
			return
		}
		if err == nil {
			if closed {
				_ = o.rc.SetWriteDeadline(time.Now().Add(closingTime))
			}
			if _, err = o.w.Write(part); err == nil {
				err = o.rc.Flush()
			}
		}
		if err != nil {
			o.mu.Lock()
			o.unreachable = fmt.Errorf("%w: %w", errGone, err)
			o.mu.Unlock()
			return
		}
	}
}

// next waits for something to send; nothing means that it is all sent.
func (o *outbox) next() (part []byte, closed bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for (o.hold || len(o.mem) == 0 && o.start == o.end) && !o.closed {
		o.more.Wait()
	}
	switch {
	case len(o.mem) > 0:
		part = o.mem
		o.mem, o.spare = o.spare[:0], part
	case o.start < o.end:
		part = make([]byte, min(o.end-o.start, 256<<10))
		if _, err := o.file.ReadAt(part, o.start); err != nil {
			return nil, o.closed, fmt.Errorf("gateway: %w", err)
		}
		if o.start += int64(len(part)); o.start == o.end {
			o.start, o.end = 0, 0
			err = o.file.Truncate(0)
		}
	}
	return part, o.closed, err
}
