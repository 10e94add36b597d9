package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/projections/table"
)

// An answer is the answer to a question, with the members in their order.
type answer struct {
	details []jsonMember   // the members that are not rows
	rows    [][]jsonMember // the members of each row
}

// A jsonMember is a member of a JSON object.
type jsonMember struct {
	name  string
	value jsontext.Value
}

// text returns the value as text for people: a string without quotes, null as nothing.
func (m jsonMember) text() string {
	if m.value.Kind() == '"' {
		var s string
		if json.Unmarshal(m.value, &s) == nil {
			return s
		}
	}
	if s := string(m.value); s != "null" {
		return s
	}
	return ""
}

// readMembers reads a JSON object.
func readMembers(dec *jsontext.Decoder) (list []jsonMember, err error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		m := jsonMember{name: name.String()}
		v, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		m.value = v.Clone()
		list = append(list, m)
	}
	_, err = dec.ReadToken()
	return list, err
}

// readAnswer reads a JSON answer. The member called rows holds the rows.
func readAnswer(r io.Reader, rows string) (a answer, err error) {
	all, err := readMembers(jsontext.NewDecoder(r))
	if err != nil {
		return a, fmt.Errorf("read the answer: %w", err)
	}
	for _, m := range all {
		if m.name != rows || m.value.Kind() != '[' {
			a.details = append(a.details, m)
			continue
		}
		dec := jsontext.NewDecoder(strings.NewReader(string(m.value)))
		if _, err := dec.ReadToken(); err != nil {
			return a, err
		}
		for dec.PeekKind() == '{' {
			row, err := readMembers(dec)
			if err != nil {
				return a, fmt.Errorf("read the answer: %w", err)
			}
			a.rows = append(a.rows, row)
		}
	}
	return a, nil
}

// take removes a detail and returns its text, empty if there is none.
func (a *answer) take(name string) string {
	i := slices.IndexFunc(a.details, func(m jsonMember) bool { return m.name == name })
	if i < 0 {
		return ""
	}
	text := a.details[i].text()
	a.details = slices.Delete(a.details, i, i+1)
	return text
}

// columns returns the names of the members of all rows, in the order in which they
// first occur.
func (a answer) columns() (names []string) {
	for _, row := range a.rows {
		for _, m := range row {
			if !slices.Contains(names, m.name) {
				names = append(names, m.name)
			}
		}
	}
	return names
}

// table prints the rows as aligned columns, then each detail on a line.
func (a answer) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if header := a.columns(); len(header) > 0 {
		for _, cells := range append([][]string{header}, a.grid().Rows...) {
			fmt.Fprintln(t, strings.Join(cells, "\t")) // Flush returns the first error
		}
		fmt.Fprintln(t)
	}
	for _, m := range a.details {
		if _, err := fmt.Fprintf(t, "%s\t%s\n", m.name, m.text()); err != nil {
			return err
		}
	}
	return t.Flush()
}

// csv prints the rows, or the details as a single row if there are no rows.
func (a answer) csv(w io.Writer) error {
	if len(a.rows) == 0 {
		a = answer{rows: [][]jsonMember{a.details}}
	}
	return table.CSV(w, a.grid())
}

// workbook writes a workbook with a sheet of the rows and a sheet of the details.
func (a answer) workbook(w io.Writer) error {
	var facts [][]string
	for _, m := range a.details {
		facts = append(facts, []string{m.name, m.text()})
	}
	return table.Workbook(w, a.grid(), facts)
}

// grid returns the rows as a table. A column holds numbers if its first value, null not
// counted, is a number.
func (a answer) grid() (t table.Table) {
	header := a.columns()
	t.Columns = table.Text(header...)
	seen := make([]bool, len(header))
	for _, row := range a.rows {
		cells := make([]string, len(header))
		for _, m := range row {
			i := slices.Index(header, m.name)
			cells[i] = m.text()
			if kind := m.value.Kind(); kind != 'n' && !seen[i] {
				seen[i], t.Columns[i].Number = true, kind == '0'
			}
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
