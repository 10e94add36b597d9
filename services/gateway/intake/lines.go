package intake

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/muster-works/muster/events"
)

// ReadLines reads NDJSON into a queue, until the body ends or the queue is
// closed. With imports each event must have the attribute recordedtime. A line
// that is too long becomes an item that says so.
//
// ReadLines runs beside the goroutine that takes from the queue. It reports how
// the body ended through the queue, see [Queue.Take].
func ReadLines(body io.Reader, imports bool, to *Queue) {
	lines := newLineReader(body)
	for {
		line, err := lines.nextLine()
		var item Item
		var recorded time.Time
		switch {
		case err == nil:
			item, recorded = readItem(line, imports, events.Say("line %d", "第%d行", lines.number))
		case errors.Is(err, errLongLine):
			item.Err = events.Refusal(events.TooLarge, "", events.Say("line %d: has more than %d bytes", "第%d行：超过%d字节", lines.number, MaxLine))
		default:
			to.finish(err)
			return
		}
		if err := to.addItem(item, recorded, len(line)); err != nil {
			to.finish(err)
			return
		}
	}
}

// A lineReader reads NDJSON a line at a time, in bounded memory.
type lineReader struct {
	r      *bufio.Reader
	joined []byte // a line that spans several reads
	number int    // of the line that was read last, from 1
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10)}
}

var errLongLine = errors.New("gateway: line is too long")

// nextLine returns the next line that is not blank. The line is valid until the
// next call. A line over the limit is skipped and reported as errLongLine.
func (l *lineReader) nextLine() ([]byte, error) {
	for {
		line, err := l.readLine()
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

func (l *lineReader) readLine() ([]byte, error) {
	l.joined = l.joined[:0]
	l.number++
	for skipping := false; ; {
		part, err := l.r.ReadSlice('\n')
		end := err == nil || err == io.EOF && len(part)+len(l.joined) > 0
		switch {
		case !end && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case skipping || len(l.joined)+len(part) > MaxLine:
			// One byte stays in joined, so that the end of the body counts as
			// the end of this line.
			skipping, l.joined = true, append(l.joined[:0], '.')
		case end && len(l.joined) == 0:
			return part, nil
		default:
			l.joined = append(l.joined, part...)
		}
		if end && skipping {
			return nil, errLongLine
		}
		if end {
			return l.joined, nil
		}
	}
}
