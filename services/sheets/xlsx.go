package sheets

import (
	"errors"
	"io"
	"slices"

	"github.com/xuri/excelize/v2"
)

// maxUnpacked is the largest size of an unpacked workbook, in bytes. The library would
// unpack parts of a larger one to a temporary file, with the identities in it.
const maxUnpacked = 512 << 20

// errWorkbook replaces all errors of the library, which may quote cells.
var errWorkbook = errors.New("is a damaged workbook, or one of more than 512 MiB unpacked")

// readXLSX reads the visible sheets of a workbook.
func readXLSX(f io.Reader, o Options, yield func(Result) bool) (err error) {
	// The library panics on some files that were damaged on purpose. A panic of the
	// consumer is not recovered.
	inside := true
	defer func() {
		if inside && recover() != nil {
			err = errWorkbook
		}
	}()
	outside := func(e Result) bool {
		inside = false
		defer func() { inside = true }()
		return yield(e)
	}
	book, err := excelize.OpenReader(f, excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return errWorkbook
	}
	defer book.Close()
	days := epoch1900
	if p, err := book.GetWorkbookProps(); err == nil && p.Date1904 != nil && *p.Date1904 {
		days = epoch1904
	}
	list := sheetOrder(book, o)
	empty := true
	for i, name := range list {
		s := newSheet(name, name, days, o, outside)
		more, err := readRows(book, name, s)
		if err != nil {
			return err
		}
		if !more || !s.finish() {
			return nil
		}
		empty = empty && s.header == nil
		o.Progress(float64(i+1) / float64(len(list)))
	}
	if empty {
		return errors.New("holds no header line")
	}
	return nil
}

// sheetOrder returns the names of the visible sheets in the order in which their events
// depend on each other.
func sheetOrder(book *excelize.File, o Options) (list []string) {
	rank := func(name string) int {
		k := kindTitled(name)
		if o.Kind != "" {
			k = kindNamed(o.Kind)
		}
		return slices.IndexFunc(rowKinds, func(other rowKind) bool { return k != nil && other.name == k.name })
	}
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			list = append(list, name)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return rank(a) - rank(b) })
	return list
}

// readRows passes the rows of a sheet to s. more is false if the caller wants no more
// results.
func readRows(book *excelize.File, name string, s *sheet) (more bool, err error) {
	r, err := book.Rows(name)
	if err != nil {
		return false, errWorkbook
	}
	defer r.Close()
	for n := 1; r.Next(); n++ {
		cells, err := r.Columns()
		if err != nil {
			return false, errWorkbook
		}
		if !s.takeRow(n, cells) {
			return false, nil
		}
	}
	if r.Error() != nil {
		return false, errWorkbook
	}
	return true, nil
}
