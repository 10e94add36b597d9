package cases

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/cucumber/godog"
	"github.com/google/uuid"
)

const dayForm = time.DateOnly

func parseDay(s string) (time.Time, error) { return time.Parse(dayForm, s) }

// rows returns the rows of a table as cells by heading. Empty cells are left out.
func rows(t *godog.Table) (list []map[string]string) {
	for _, row := range t.Rows[1:] {
		cells := map[string]string{}
		for i, c := range row.Cells {
			if c.Value != "" {
				cells[t.Rows[0].Cells[i].Value] = c.Value
			}
		}
		list = append(list, cells)
	}
	return list
}

// reports makes events of the rows of a table. The column 报表 names the kind of a row
// where the sentence does not.
func (o *office) reports(by agency, name string, t *godog.Table) (list []map[string]any, err error) {
	byID := map[string]map[string]any{}
	for _, cells := range rows(t) {
		named := name
		if named == "" {
			named = cells["报表"]
			delete(cells, "报表")
		}
		k, ok := kinds[named]
		if !ok {
			return nil, fmt.Errorf("there is no kind of report %q", named)
		}
		e := byID[cells["编号"]]
		if e == nil || !k.lines || cells["编号"] == "" {
			o.given++
			e = map[string]any{"specversion": "1.0", "type": k.event, "source": "/agency/" + by.name, "id": fmt.Sprint(named, "-", o.given),
				"division": (by.division + "000000000000")[:12], "data": map[string]any{}}
			list = append(list, e)
		}
		if err := k.fill(e, cells); err != nil {
			return nil, fmt.Errorf("%s %v: %w", named, cells, err)
		}
		byID[cells["编号"]] = e
	}
	return list, nil
}

// fill puts the cells of a row into an event.
func (k kind) fill(e map[string]any, cells map[string]string) error {
	data := e["data"].(map[string]any)
	line := map[string]any{}
	for heading := range cells {
		if _, ok := k.columns[heading]; !ok {
			return fmt.Errorf("has no column %q", heading)
		}
	}
	for _, last := range []bool{false, true} { // a name goes into the identity that another cell makes
		for heading, cell := range cells {
			c := k.columns[heading]
			if strings.Count(c.path, ".") == 2 != last {
				continue
			}
			if err := c.put(e, data, line, cell); err != nil {
				return err
			}
		}
	}
	if k.lines {
		lines, _ := data["lines"].([]any)
		data["lines"] = append(lines, line)
	}
	if k.omitted != nil {
		k.omitted(e, data)
	}
	return nil
}

// put puts a cell where the path of its column says.
func (c column) put(e, data, line map[string]any, cell string) error {
	read := c.value
	if read == nil {
		read = asText
	}
	value, err := read(cell)
	if err != nil {
		return err
	}
	switch path := strings.Split(c.path, "."); {
	case len(path) == 1:
		e[path[0]] = value
	case path[0] == "line":
		line[path[1]] = value
	case len(path) == 2:
		data[path[1]] = value
	default:
		inner, _ := data[path[1]].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			data[path[1]] = inner
		}
		inner[path[2]] = value
	}
	return nil
}

// remember notes by which letter the scenario calls the persons of the receipts.
func (o *office) remember(list []map[string]any) {
	for i, r := range o.last {
		if r.Person == uuid.Nil || i >= len(list) {
			continue
		}
		identity, _ := list[i]["data"].(map[string]any)["identity"].(map[string]any)
		number, _ := identity["id_number"].(string)
		for letter, n := range persons {
			if n == number {
				o.call(r.Person.String(), letter)
			}
		}
		if _, ok := o.letters[r.Person.String()]; !ok {
			o.letters[r.Person.String()] = number
		}
	}
}

// call calls a person by a letter from now on, and nobody else.
func (o *office) call(pseudonym, letter string) {
	maps.DeleteFunc(o.letters, func(_, l string) bool { return l == letter })
	o.letters[pseudonym] = letter
}

// person returns the pseudonym of the person whom the scenario calls by a letter.
func (o *office) person(letter string) (string, error) {
	for pseudonym, l := range o.letters {
		if l == letter {
			return pseudonym, nil
		}
	}
	return "", fmt.Errorf("no receipt named %s", letter)
}
