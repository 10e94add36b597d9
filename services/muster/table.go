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

// An answer is a query's answer as it came: members in their order.
type answer struct {
	facts []member   // all that is not rows
	rows  [][]member // each row's members
}

type member struct {
	name  string
	value jsontext.Value
}

// text is the value as a person reads it.
func (m member) text() string {
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

func readMembers(dec *jsontext.Decoder) (list []member, err error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()}
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

// readAnswer reads a JSON answer; the list of the member named rows is taken
// apart.
func readAnswer(r io.Reader, rows string) (a answer, err error) {
	all, err := readMembers(jsontext.NewDecoder(r))
	if err != nil {
		return a, fmt.Errorf("read the answer: %w", err)
	}
	for _, m := range all {
		if m.name != rows || m.value.Kind() != '[' {
			a.facts = append(a.facts, m)
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

// take removes a fact and returns its text, empty where there is none.
func (a *answer) take(name string) string {
	i := slices.IndexFunc(a.facts, func(m member) bool { return m.name == name })
	if i < 0 {
		return ""
	}
	text := a.facts[i].text()
	a.facts = slices.Delete(a.facts, i, i+1)
	return text
}

// columns are the names of all rows' members, in the order of first sight.
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

// table prints the rows aligned, then the facts a line each.
func (a answer) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if header := a.columns(); len(header) > 0 {
		for _, cells := range append([][]string{header}, a.grid().Rows...) {
			fmt.Fprintln(t, strings.Join(cells, "\t")) // the first error of all sticks
		}
		fmt.Fprintln(t)
	}
	for _, m := range a.facts {
		if _, err := fmt.Fprintf(t, "%s\t%s\n", m.name, m.text()); err != nil {
			return err
		}
	}
	return t.Flush()
}

// csv prints the rows, or the facts as one row where there are none.
func (a answer) csv(w io.Writer) error {
	if len(a.rows) == 0 {
		a = answer{rows: [][]member{a.facts}}
	}
	return table.CSV(w, a.grid())
}

// workbook writes the rows, and the facts on a sheet of their own.
func (a answer) workbook(w io.Writer) error {
	var facts [][]string
	for _, m := range a.facts {
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
