// Package sheets reads what agencies keep in spreadsheets: CSV and XLSX with a
// header line, a row a fact, into events of the contract.
//
// # What a file holds
//
// One kind of row a sheet: post, hire, exit, training, attendance (a row is a
// person's month) or payment (a row is a line of a run). The kind comes from
// the column type, else from [Options], else from the beginning of the name of
// the sheet, which for CSV is that of the file: hire-2022-05.csv, 考勤5月.
// Columns are found by their names, which are those of the data fields, or by
// their Chinese labels, in any order; [Kinds] lists them. A column that is not
// known, one that stands twice, or a required one that is missing refuses the
// sheet. CSV is UTF-8, with or without a byte order mark, or GB18030; which of
// them is decided by the whole file.
//
// # What comes out
//
// A row of post, hire, exit and training is an event. The rows of attendance
// of one post and month are one event; the rows of one payment run are parts
// of at most 500 lines, in the order of the file. Sheets of a workbook are
// read in the order in which their events need each other: posts, hires,
// exits, training, attendance, payments.
//
// Every row is held to the contract by itself. One that breaks it comes back
// with its number, as a spreadsheet counts, and the column, and nothing of it
// becomes part of an event; the other rows go on. No error quotes a cell.
//
// # Ids
//
// Without a column id a row has the id that its natural key gives: for a post
// its name; for a hire the person, the post and the first day; for an exit the
// person, the post and the day; for training the person, the course and the
// day; for attendance the post and the month; for a payment the run and the
// part. The same file again therefore is the same events again. A row whose
// content changed under its key becomes an event that replaces the one sent
// before it, which the [Book] remembers. A row whose key changed (a wrong
// on-duty day) needs the id of the earlier event in a column replaces. A row
// that is gone withdraws nothing, but for payments: a run that has come to
// have fewer parts withdraws the last ones, since their lines have moved up.
//
// Ids of events about one person are keyed hashes: whoever reads the log
// cannot try identity numbers on them.
//
// # Memory
//
// Rows of CSV stream; a workbook is unpacked in memory, never to disk, up to
// 512 MiB. Attendance and payments are held until the end of their sheet.
package sheets

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// Options say what a file leaves out.
type Options struct {
	Kind     string        // of rows: a name, a label or an event type; the sheet's where empty
	Source   string        // of rows without one: /agency/<agency>
	Division division.Code // of rows without one
	// Book remembers what was sent before. It is required.
	IDs *IDStore
	// Progress, when there is one, is told how much of the file is read, from
	// 0 to 1.
	Progress func(part float64)
}

// An Entry is what one row or several came to: an event, or why there is none.
type Result struct {
	Sheet    string // of a workbook
	Rows     []int  // from 1, the header included; line i of an event is row Rows[i]
	Event    *events.Event
	Problems []Problem // where there is no event
	Record   IDRecord  // to be kept once the event is in the log

	layout *layout
}

// A Problem is a reason, and where in the file it lies.
type Problem struct {
	Row    int    `json:"row,omitzero"`
	Column string `json:"column,omitzero"` // as the header has it
	events.Reason
}

// A Format is how a file is written.
type Format int

// The formats.
const (
	CSV Format = iota + 1
	XLSX
	NDJSON // which is not read here
)

// Sniff says how a file is written, from its name and first bytes.
func Sniff(name string, head []byte) (Format, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	switch extension := strings.ToLower(filepath.Ext(name)); {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return XLSX, nil
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return 0, fmt.Errorf("is a workbook of Excel 97, or a protected one; save it as .xlsx without a password")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, fmt.Errorf("is UTF-16; save it as CSV UTF-8")
	case extension == ".xlsx":
		return 0, fmt.Errorf("is no workbook, whatever its name says")
	case bytes.HasPrefix(text, []byte("{")), extension == ".ndjson", extension == ".jsonl":
		return NDJSON, nil
	}
	return CSV, nil
}

// Read yields what a file of a format holds, in the order in which it is to be
// submitted. name is that of the file. An error ends it: the file cannot be
// read as what it is.
func Read(f io.ReadSeeker, name string, format Format, o Options) iter.Seq2[Result, error] {
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	return func(yield func(Result, error) bool) {
		more := func(e Result) bool { return yield(e, nil) }
		var err error
		switch format {
		case CSV:
			err = readCSV(f, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), o, more)
		case XLSX:
			err = readXLSX(f, o, more)
		default:
			err = fmt.Errorf("sheets: format %d is not read here", format)
		}
		if err != nil {
			yield(Result{}, err)
		}
	}
}

// Locate says where in the file the reasons of a receipt lie.
func (e *Result) Locate(reasons events.Reasons) []Problem {
	list := make([]Problem, len(reasons))
	for i, r := range reasons {
		list[i] = Problem{Reason: r}
		if len(e.Rows) == 0 {
			continue
		}
		name, line := strings.TrimPrefix(r.Field, "data."), 0
		if rest, ok := strings.CutPrefix(name, "lines["); ok {
			if _, err := fmt.Sscanf(rest, "%d", &line); err != nil || line < 0 || line >= len(e.Rows) {
				continue
			}
			_, name, _ = strings.Cut(rest, "].")
		} else if len(e.Rows) > 1 {
			continue // it is of all the rows
		}
		list[i].Row = e.Rows[line]
		if e.layout != nil {
			list[i].Column = e.layout.label(name)
		}
	}
	return list
}
