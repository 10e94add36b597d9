package sheets

import (
	"errors"
	"io"
	"slices"

	"github.com/xuri/excelize/v2"
)

// unpacked bounds a workbook in memory, in bytes. Without the bound the library would
// unpack a larger workbook to a file, which would hold identities.
const unpacked = 512 << 20

// errWorkbook replaces all errors of the library, because they may quote cells.
var errWorkbook = errors.New("is a damaged workbook, or one of more than 512 MiB unpacked")

// readXLSX reads the visible sheets of a workbook.
func readXLSX(f io.Reader, o Options, yield func(Entry) bool) (err error) {
	// The library panics on some files that were damaged on purpose. A panic of the
	// consumer is not recovered.
	inside := true
	defer func() {
		if inside && recover() != nil {
			err = errWorkbook
		}
	}()
	outside := func(e Entry) bool {
		inside = false
		defer func() { inside = true }()
		return yield(e)
	}
	book, err := excelize.OpenReader(f, excelize.Options{RawCellValue: true, UnzipSizeLimit: unpacked, UnzipXMLSizeLimit: unpacked})
	if err != nil {
		return errWorkbook
	}
	defer book.Close()
	days := epoch1900
	if p, err := book.GetWorkbookProps(); err == nil && p.Date1904 != nil && *p.Date1904 {
		days = epoch1904
	}
	list := order(book, o)
	empty := true
	for i, name := range list {
		s := newSheet(name, name, days, o, outside)
		more, err := rows(book, name, s)
		if err != nil {
			return err
		}
		if !more || !s.end() {
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

// order returns the visible sheets in the order in which their events need
// each other.
func order(book *excelize.File, o Options) (list []string) {
	rank := func(name string) int {
		k := kindTitled(name)
		if o.Kind != "" {
			k = kindNamed(o.Kind)
		}
		return slices.IndexFunc(kinds, func(other kind) bool { return k != nil && other.name == k.name })
	}
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			list = append(list, name)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return rank(a) - rank(b) })
	return list
}

// rows reads the rows of a sheet. more is false if the consumer wants no more.
func rows(book *excelize.File, name string, s *sheet) (more bool, err error) {
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
		if !s.row(n, cells) {
			return false, nil
		}
	}
	if r.Error() != nil {
		return false, errWorkbook
	}
	return true, nil
}
