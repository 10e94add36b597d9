// Package sheets reads the spreadsheets of agencies, CSV and XLSX, into events of the
// contract. A sheet has a header line, and a row below it states one fact.
//
//	file ─► rows ─► kind and layout ─► draft ─► contract ─► group ─► id ─► Entry
//	        (csv,   (which column      (cells   (each row   (lines    (book)
//	        xlsx)   is which field)    read)    by itself)  of one
//	                                                        event)
//
// # What a file holds
//
// Each row is of a kind: post, hire, exit, training, attendance (a row is the month of a
// person) or payment (a row is a line of a run). The kind comes from the column type. In a
// sheet without that column all rows are of one kind, which comes from [Options], or else
// from the beginning of the name of the sheet. A CSV file is one sheet, with the name of the file: hire-2022-05.csv,
// 考勤5月.
//
// Columns are found by their names or by their Chinese labels, in any order; [Kinds] lists
// both. The names are those of the fields of the contract. An unknown column, a column that
// stands twice, or a missing column that is required refuses the sheet.
//
// CSV is UTF-8, with or without a byte order mark, or GB18030. The whole file decides
// which.
//
// # What comes out
//
// A row of post, hire, exit and training is an event. The rows of attendance of one post
// and month are one event. The rows of one payment run are parts of at most 500 lines, in
// the order of the file. The sheets of a workbook are read in the order in which their
// events need each other: posts, hires, exits, training, attendance, payments.
//
// Every row is checked by the contract on its own. A row that breaks it is reported with
// its number, as a spreadsheet counts, and the column. Nothing of that row becomes part of
// an event, and the other rows go on. No error quotes a cell.
//
// # Ids
//
// A row with a column id has that id. Any other row has an id that its natural key gives:
// for a post its name; for a hire the person, the post and the first day; for an exit the
// person, the post and the day; for training the person, the course and the day; for
// attendance the post and the month; for a payment the run and the part. So the same file,
// read again, gives the same events.
//
//   - If the content under a natural key has changed, the row becomes an event that
//     replaces the one that was sent before. The [Book] remembers that one.
//   - If the natural key itself has changed (say, a wrong on-duty day), the row needs the id
//     of the earlier event in a column replaces.
//   - If a row is missing that was there before, nothing is withdrawn. Payments are the
//     exception: if a run has fewer parts than before, the last parts are withdrawn,
//     because their lines have moved up.
//
// The ids of events about one person are keyed hashes, so that whoever reads the log cannot
// find an identity number by trying.
//
// # Memory
//
// The rows of CSV are streamed. A workbook is unpacked in memory, up to 512 MiB, and never
// to disk. Attendance and payments are held in memory until the end of their sheet.
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
	Kind     string        // of all rows: a name, a label or an event type; empty if the sheet says it
	Source   string        // of rows without a source: /agency/<agency>
	Division division.Code // of rows without a division
	// Book remembers what was sent before. It is required.
	Book *Book
	// Progress, if it is set, is told how much of the file was read, from 0 to 1.
	Progress func(part float64)
}

// An Entry is the result of one row or several: an event, or why there is none.
type Entry struct {
	Sheet    string // of a workbook; empty for CSV
	Rows     []int  // from 1, the header included; line i of an event is row Rows[i]
	Event    *events.Event
	Problems []Problem // if there is no event
	Claim    Claim     // to be given to Book.Keep when the event is in the log

	layout *layout
}

// A Problem is a reason for a refusal, and the place in the file that it concerns.
type Problem struct {
	Row    int    `json:"row,omitzero"`
	Column string `json:"column,omitzero"` // as the header of the sheet has it
	events.Reason
}

// A Format is the format of a file.
type Format int

// The formats.
const (
	CSV Format = iota + 1
	XLSX
	NDJSON // which Read does not read
)

// Sniff finds out the format of a file from its name and its first bytes. Its error says
// how to save the file in a format that can be read.
func Sniff(name string, head []byte) (Format, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
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

// Read yields the entries of a file in the order in which they are to be submitted. name
// is the name of the file. An error ends the iteration, and says why the file as a whole
// cannot be read in its format.
func Read(f io.ReadSeeker, name string, format Format, o Options) iter.Seq2[Entry, error] {
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	return func(yield func(Entry, error) bool) {
		more := func(e Entry) bool { return yield(e, nil) }
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
			yield(Entry{}, err)
		}
	}
}

// Locate returns the reasons of a receipt with the rows and columns that they concern.
func (e *Entry) Locate(reasons events.Reasons) []Problem {
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
