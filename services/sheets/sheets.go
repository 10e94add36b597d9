// Package sheets reads the spreadsheets of agencies into events of the contract: CSV
// and XLSX files with a header line, in which each row is a fact.
//
// # What a file holds
//
// A sheet holds rows of one kind: post, hire, exit, training, attendance (a row is the
// month of a person) or payment (a row is a line of a pay run). The kind comes from the
// column type, else from [Options], else from the beginning of the name of the sheet.
// The name of a CSV sheet is that of the file: hire-2022-05.csv, 考勤5月.csv. Columns may
// come in any order. A column is found by its header, which is the name of the data
// field or one of its Chinese labels; [Columns] lists them. A sheet is refused as a
// whole if it has an unknown column, two columns for one field, or lacks a required
// column. CSV is UTF-8, with or without a byte order mark, or GB18030; the bytes of the
// whole file decide which.
//
// # What comes out
//
// A row of post, hire, exit or training becomes an event. The rows of attendance of one
// post and month become one event. The rows of one pay run become events of at most 500
// lines each, in the order of the file. The sheets of a workbook are read in the order
// in which their events depend on each other: posts, hires, exits, training,
// attendance, payments.
//
// Each row is checked against the contract by itself. A row that breaks the contract is
// returned with its row number, as a spreadsheet counts, and the header of the column.
// No part of such a row becomes part of an event. The other rows are read. Errors never
// quote a cell, since a cell may hold an identity.
//
// # Ids
//
// If there is no column id, the id of an event is derived from its natural key: for a
// post its name; for a hire the person, the post and the first day; for an exit the
// person, the post and the day; for training the person, the course and the day; for
// attendance the post and the month; for a payment the run and the number of the part.
// The same file therefore gives the same events again. If the content of a row changed
// and its key did not, its event replaces the event that was sent before, which the
// [IDStore] remembers. If the key changed (a wrong on-duty day), the row needs the id
// of the earlier event in a column replaces. A row that was removed from a file
// withdraws nothing. There is one exception: if a run has fewer parts than before, the
// last parts are withdrawn, since their lines have moved up.
//
// The id of an event about one person is a keyed hash, so that nobody who reads the log
// can test identity numbers against it.
//
// # Memory
//
// The rows of CSV are streamed. A workbook is unpacked in memory, never to disk, and
// may have up to 512 MiB unpacked. The rows of attendance and payments are held until
// the end of their sheet.
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

// Options supply what a file leaves out.
type Options struct {
	Kind     string        // kind of the rows: a name, a label or an event type; empty takes the kind from the sheet
	Source   string        // source of rows that have none: /agency/<agency>
	Division division.Code // division of rows that have none
	// IDs remembers what was sent before. It is required.
	IDs *IDStore
	// Progress is called with the part of the file that was read, from 0 to 1. It
	// may be nil.
	Progress func(part float64)
}

// A Result is what one or more rows gave: an event, or the problems that prevent one.
type Result struct {
	Sheet    string // name of the sheet in a workbook; empty for CSV
	Rows     []int  // row numbers from 1, counting the header; line i of an event comes from row Rows[i]
	Event    *events.Event
	Problems []Problem // set if there is no event
	Record   IDRecord  // to be put into the IDStore once the event is in the log

	layout *layout
}

// A Problem is a reason for a refusal, with its place in the file.
type Problem struct {
	Row    int    `json:"row,omitzero"`
	Column string `json:"column,omitzero"` // header of the column
	events.Reason
}

// A Format is a file format.
type Format int

// The formats.
const (
	CSV Format = iota + 1
	XLSX
	NDJSON // recognised by Sniff, not read by this package
)

// Sniff returns the format of a file from its name and its first bytes, of which 512
// are enough. It fails for files that are neither text nor a workbook that this package
// reads; the error says how to save such a file.
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

// Read yields the results of a file in the order in which they are to be submitted.
// name is the name of the file. An error ends the sequence: the file cannot be read in
// its format. The sequence uses f and o.IDs, and can be ranged over once.
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

// Locate returns the reasons of a receipt with their places in the file.
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
			continue // the reason concerns all rows
		}
		list[i].Row = e.Rows[line]
		if e.layout != nil {
			list[i].Column = e.layout.label(name)
		}
	}
	return list
}
