package sheets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/muster-works/muster/events"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// byteOrderMark is the byte order mark of UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// readCSV reads the file twice: once to detect its encoding, and once for its rows.
func readCSV(f io.ReadSeeker, title string, o Options, yield func(Result) bool) error {
	gb, size, err := detectEncoding(f)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	count := &countingReader{Reader: f}
	var in io.Reader = count
	if gb {
		in = simplifiedchinese.GB18030.NewDecoder().Reader(count)
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	if head, _ := buffered.Peek(len(byteOrderMark)); bytes.Equal(head, byteOrderMark) {
		_, _ = buffered.Discard(len(byteOrderMark))
	}
	r := csv.NewReader(buffered)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = detectSeparator(buffered), -1, true
	s := newSheet("", title, 0, o, yield)
	for {
		cells, err := r.Read()
		var form *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if s.header == nil {
				return errors.New("holds no header line")
			}
			o.Progress(1)
			s.finish()
			return nil
		case errors.As(err, &form):
			problem := Problem{Row: form.StartLine, Reason: events.ReasonOf(events.Malformed, "", events.Say(
				"is not well formed: a quote stands in a cell, or one is missing", "格式有误：单元格中有多余的引号，或缺少引号"))}
			if !s.refuse([]int{form.StartLine}, problem) {
				return nil
			}
			continue
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		if !s.takeRow(line, cells) {
			return nil
		}
		if size > 0 {
			o.Progress(float64(count.n) / float64(size))
		}
	}
}

// detectSeparator returns the first of comma, tab and semicolon that the first line
// holds.
func detectSeparator(r *bufio.Reader) rune {
	head, _ := r.Peek(4 << 10)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	for _, c := range ",\t;" {
		if strings.ContainsRune(string(line), c) {
			return c
		}
	}
	return ','
}

// detectEncoding reports whether a file is GB18030. A file is UTF-8 if all of it is
// valid UTF-8. A file that is valid except for a few bytes is a damaged UTF-8 file, and
// an error: read as GB18030 it would come out as nonsense.
func detectEncoding(r io.Reader) (gb bool, size int64, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	good, bad, first, line := 0, 0, 0, 1 // characters of three bytes and more, bad bytes, line of the first bad byte
	for {
		c, n, err := in.ReadRune()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, 0, err
		}
		size += int64(n)
		switch {
		case c == utf8.RuneError && n == 1:
			if bad++; first == 0 {
				first = line
			}
		case c == '\n':
			line++
		case n >= 3: // text in GB18030 hardly ever forms a valid sequence of three bytes
			good++
		}
	}
	if bad > 0 && good > bad {
		return false, size, fmt.Errorf("is UTF-8, but not in line %d; save it again as CSV UTF-8", first)
	}
	return bad > 0, size, nil
}

// A countingReader counts the bytes that were read.
type countingReader struct {
	io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}
