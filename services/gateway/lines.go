package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
)

// A lineReader reads NDJSON a line at a time, in bounded memory.
type lineReader struct {
	r    *bufio.Reader
	long []byte // a line that spans reads
	n    int    // of the line last read, from 1
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10)}
}

var errLongLine = errors.New("gateway: line is too long")

// next returns the next line that is not blank, valid until the one after it.
// A line over the limit is errLongLine, and is skipped.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		for _, c := range line {
			if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				return line, nil
			}
		}
	}
}

func (l *lineReader) line() ([]byte, error) {
	l.long = l.long[:0]
	l.n++
	for skipping := false; ; {
		part, err := l.r.ReadSlice('\n')
		end := err == nil || err == io.EOF && len(part)+len(l.long) > 0
		switch {
		case !end && err != bufio.ErrBufferFull:
			return nil, err
		case skipping || len(l.long)+len(part) > maxLine:
			skipping, l.long = true, append(l.long[:0], '.') // so that the end of the body is the end of a line
		case end && len(l.long) == 0:
			return part, nil
		default:
			l.long = append(l.long, part...)
		}
		if end && skipping {
			return nil, errLongLine
		}
		if end {
			return l.long, nil
		}
	}
}

// An intake is where the reader of a body and the door meet. The door takes
// all that was read since it last did, so that a slow sender is answered event
// by event and a fast one in groups.
type intake struct {
	mu     sync.Mutex
	moved  *sync.Cond
	group  *group
	ended  bool // nothing more will come
	closed bool // nothing more is wanted
	err    error
}

var errNotWanted = errors.New("gateway: reading was stopped")

func newIntake() *intake {
	t := &intake{group: new(group)}
	t.moved = sync.NewCond(&t.mu)
	return t
}

// add waits until an item fits. It fails once the intake is closed.
func (t *intake) add(item Item, recorded time.Time, size int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for !t.closed && (t.group.full() || !t.group.takes(item, recorded)) {
		t.moved.Wait()
	}
	if t.closed {
		return errNotWanted
	}
	t.group.add(item, recorded, size)
	t.moved.Broadcast()
	return nil
}

// take waits for items and takes them. It fails with io.EOF at the end, or
// with why the body broke off.
func (t *intake) take() (*group, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.group.items) == 0 && !t.ended {
		t.moved.Wait()
	}
	if len(t.group.items) == 0 {
		return nil, t.err
	}
	g := t.group
	t.group = new(group)
	t.moved.Broadcast()
	return g, nil
}

func (t *intake) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.err = true, err
	t.moved.Broadcast()
}

func (t *intake) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.moved.Broadcast()
}

// readLines reads NDJSON into an intake, to the end or until that is closed.
func readLines(body io.Reader, imports bool, to *intake) {
	lines := newLineReader(body)
	for {
		line, err := lines.next()
		var item Item
		var recorded time.Time
		switch {
		case err == nil:
			item, recorded = read(line, imports, fmt.Sprintf("line %d", lines.n))
		case errors.Is(err, errLongLine):
			item.Err = events.Refuse(events.TooLarge, "", fmt.Sprintf("line %d: has more than %d bytes", lines.n, maxLine))
		default:
			to.end(err)
			return
		}
		if err := to.add(item, recorded, len(line)); err != nil {
			to.end(err)
			return
		}
	}
}
