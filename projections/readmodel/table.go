package readmodel

import (
	"fmt"
	"strings"
)

// A Table is one table of a generation. Everything that is done with all tables
// follows from it: drivers make, fill and index tables, batches insert and
// delete rows, and package comparison hashes and compares them. What a driver
// does with the column types is its own.
type Table struct {
	Name     string
	About    string // what a row says
	Contents Contents
	Columns  []Column
	Key      []string // the columns of the primary key
	// OnConflict is what an insert does if the key is there: a clause ON CONFLICT,
	// empty if no key comes twice.
	OnConflict string
	// KeyedInLoad is set if rows are found by key while a generation is loaded in
	// bulk. Only in such a table a key may come twice during a load.
	KeyedInLoad bool
	Indexes     []Index // made at the end of a bulk load

	// insert returns the rows that a batch has for the table; nil if the store
	// itself writes the rows, or if the rows are leaves.
	insert func(*Batch) Insert
}

// A Column is one column of a table. Text is compared byte by byte.
type Column struct {
	Name string
	Type ColumnType
	Null bool // may be without a value
}

// A ColumnType is the type of the values in a column.
type ColumnType int

const (
	Integer ColumnType = iota // of 64 bits
	Text
	Bytes
)

// An Index is one index of a table.
type Index struct {
	Name    string
	Columns []string
	Unique  bool
}

// Contents says what the rows of a table mean. A table with contents that other
// tables have is compared and hashed as they are; new contents need a source in
// package comparison, and a test there is red until it has one.
type Contents int

const (
	// Bookkeeping is what a store notes about the generation itself. It depends
	// on more than the log, and is neither hashed nor compared.
	Bookkeeping   Contents = iota
	Commits                // a row a commit
	SetAsides              // a row an event that was set aside
	Retractions            // a row an event that was replaced or withdrawn
	Cells                  // leaves of cells, see packing.AppendCells
	PostTimelines          // a row a post, with its packed facts
	PlanTimelines          // a row a plan line, with its packed facts
	Names                  // a row a number, with the name that has it
	PersonFacts            // leaves of facts by folio, see timeline.EachFact
	Pseudonyms             // leaves of pseudonyms by folio, see timeline.ReadPseudonyms
	Bearers                // leaves of numbers by bucket, see timeline.ReadBearers
	AgencyEvents           // leaves of events by agency, see timeline.ReadRefs
	Deltas                 // leaves of a view, see packing.AppendDeltas
	Spans                  // leaves of a view of spans, see packing.AppendSpans
	ContentsCount
)

// LeafColumns returns the columns of a table of leaves: whose leaf a row is, empty
// if all rows are of one, and the packed leaf. A table has leaves if its key ends
// in their last event; ok is false if it has none.
func (t *Table) LeafColumns() (owner, body string, ok bool) {
	switch {
	case len(t.Key) == 0 || t.Key[len(t.Key)-1] != "last":
		return "", "", false
	case len(t.Key) > 1:
		owner = t.Key[0]
	}
	return owner, t.Columns[len(t.Columns)-1].Name, true
}

// SelectAll returns the query for all rows and columns of a table, in the order
// of the key. A column without a value reads as 0 or as nothing.
func (t *Table) SelectAll() string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		switch columns[i] = c.Name; {
		case c.Null && c.Type == Integer:
			columns[i] = "coalesce(" + c.Name + ", 0)"
		case c.Null:
			columns[i] = "coalesce(" + c.Name + ", '')"
		}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + t.Name + " ORDER BY " + strings.Join(t.Key, ", ")
}

// SelectLeaves returns the query for owner, last event and body of all leaves of
// a table, in the order of the key. If all leaves are of one owner, it is 0.
func (t *Table) SelectLeaves() string {
	owner, body, _ := t.LeafColumns()
	if owner == "" {
		owner = "0"
	}
	return fmt.Sprintf("SELECT %s, last, %s FROM %s ORDER BY %s", owner, body, t.Name, strings.Join(t.Key, ", "))
}

// CreateIndex returns the statement that makes an index of a table.
func (t *Table) CreateIndex(i Index) string {
	unique := ""
	if i.Unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("CREATE %sINDEX %s ON %s (%s)", unique, i.Name, t.Name, strings.Join(i.Columns, ", "))
}

// columns reads a list of names, types and, where a column may be without a
// value, the word null.
func columns(list string) (all []Column) {
	types := map[string]ColumnType{"integer": Integer, "text": Text, "bytes": Bytes}
	for _, c := range strings.Split(list, ", ") {
		words := strings.Fields(c)
		all = append(all, Column{Name: words[0], Type: types[words[1]], Null: len(words) > 2})
	}
	return all
}
