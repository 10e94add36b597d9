package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/division"
)

// Agency returns the agency of a name, to be changed in place.
func (f *File) Agency(name string) (*Agency, error) {
	i := slices.IndexFunc(f.Agencies, func(a Agency) bool { return a.Name == name })
	if i < 0 {
		return nil, f.unknown("agency", name)
	}
	return &f.Agencies[i], nil
}

// Reader returns the reader of a name, to be changed in place.
func (f *File) Reader(name string) (*Reader, error) {
	i := slices.IndexFunc(f.Readers, func(r Reader) bool { return r.Name == name })
	if i < 0 {
		return nil, f.unknown("reader", name)
	}
	return &f.Readers[i], nil
}

// RemoveAgency takes an agency out of the file.
func (f *File) RemoveAgency(name string) error {
	if _, err := f.Agency(name); err != nil {
		return err
	}
	f.Agencies = slices.DeleteFunc(f.Agencies, func(a Agency) bool { return a.Name == name })
	return nil
}

// RemoveReader takes a reader out of the file.
func (f *File) RemoveReader(name string) error {
	if _, err := f.Reader(name); err != nil {
		return err
	}
	f.Readers = slices.DeleteFunc(f.Readers, func(r Reader) bool { return r.Name == name })
	return nil
}

// unknown says that nobody has a name, and who there is.
func (f *File) unknown(kind, name string) error {
	var names []string
	for _, a := range f.Agencies {
		if kind == "agency" {
			names = append(names, a.Name)
		}
	}
	for _, r := range f.Readers {
		if kind == "reader" {
			names = append(names, r.Name)
		}
	}
	return fmt.Errorf("the file lists no %s %q; it lists %s", kind, name, cmp.Or(strings.Join(names, ", "), "none"))
}

// grant gives an agency a right or takes it away, and keeps the order of
// [Rights].
func (a *Agency) grant(right Right, has bool) {
	a.Rights = slices.DeleteFunc(a.Rights, func(r Right) bool { return r == right })
	if has {
		a.Rights = append(a.Rights, right)
		slices.SortFunc(a.Rights, func(x, y Right) int {
			return cmp.Compare(slices.Index(Rights, x), slices.Index(Rights, y))
		})
	}
}

// CheckDivision says so when an account's division is in no table. Read does
// not ask for it, because a later edition of the table may have lost a division
// that an agency of before still stands for.
func (a *Account) CheckDivision(table *division.Table) error {
	prefix, err := division.ParsePrefix(a.Division)
	if err != nil {
		return &Fault{fmt.Sprintf("%q", a.Name), "division", err.Error()}
	}
	if code := division.Code(prefix + strings.Repeat("0", 12-len(prefix))); prefix != "" && !table.Has(code) {
		return &Fault{fmt.Sprintf("%q", a.Name), "division", a.Division + " is in no table of divisions that is loaded here; correct it, or load the edition that has it with --divisions"}
	}
	return nil
}
