package readmodel

import (
	"fmt"
	"strings"

	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// schemaVersion is that of the tables below and of what states are hashes of.
// Generations are not migrated: one of another version is rebuilt from the log.
const schemaVersion = 8

// A Table is one table of a generation. Drivers make it of their own types.
type Table struct {
	Name    string
	About   string // what a row says
	Columns []Column
	Key     []string // the columns of the primary key
	// Again is what an insert does where the key is there: a clause ON CONFLICT,
	// empty where no key comes twice.
	Again   string
	Indexes []Index // made at the end of a bulk load
}

// A Column is one of a table. Text is compared byte by byte.
type Column struct {
	Name string
	Kind Kind
	Null bool // may be without a value
}

// A Kind is of the values in a column.
type Kind int

const (
	Integer Kind = iota // of 64 bits
	Text
	Bytes
)

// An Index is one of a table.
type Index struct {
	Name    string
	Columns []string
	Unique  bool
	Where   string // empty for all rows
}

// commonTables are those of every generation.
var commonTables = []Table{
	{Name: "meta", Key: []string{"name"}, Columns: columns("name text, value text"),
		About: "What the generation was made by: schema, timeline, state (building, ready), and view:NAME with the version of each view."},
	{Name: "progress", Key: []string{"one"}, Columns: columns("one integer, epoch integer, ord integer, beat integer, stopped text null"),
		About: "One row: how far the log was read. epoch counts the projectors that have taken over; beat counts on while the last one lives, and is 0 when it let go; stopped says why the last one reads no further, NULL while it does."},
	{Name: "commits", Key: []string{"ord"}, Columns: columns("ord integer, position text, id text, recorded integer, state bytes, keys bytes, subjects bytes"),
		About: "Every commit. keys holds the key hash (16 bytes) of each of its events, and subjects the timelines that each is about, " +
			"so that an event can be left out of them without being read again. state is a hash of all that the log made of the generation up to there.",
		Indexes: []Index{
			{Name: "commits_position", Columns: []string{"position"}, Unique: true},
			{Name: "commits_recorded", Columns: []string{"recorded", "ord"}}}},
	{Name: "set_aside", Key: []string{"event"}, Columns: columns("event integer, position text, why text"),
		About: "Events that could not be read, and that an operator set aside: where they are, and what is wrong."},
	{Name: "void", Key: []string{"key"}, Columns: columns("key bytes, by integer, target integer null"),
		About: "Events that were replaced or withdrawn, by key hash: by which event, and which event it was (NULL while it has not come).",
		Again: "ON CONFLICT (key) DO UPDATE SET target = coalesce(void.target, excluded.target)"},
	{Name: "cell", Key: []string{"last"}, Columns: columns("last integer, cells bytes"),
		About: "What figures are broken down by, in leaves: the cells that each commit named for the first time, see packing.AppendCells. They are numbered from 1 in that order."},
	{Name: "post", Key: []string{"no"}, Columns: columns("no integer, name text, division text, facts bytes"),
		About: "Timelines of posts: packed facts in log order, see package timeline. The division is the smallest that holds wherever the post was ever known to lie, * if that is none; empty before it is developed.",
		Again: "ON CONFLICT (no) DO UPDATE SET division = excluded.division, facts = excluded.facts",
		Indexes: []Index{
			{Name: "post_name", Columns: []string{"name"}, Unique: true},
			{Name: "post_division", Columns: []string{"division"}}}},
	{Name: "plan_line", Key: []string{"no"}, Columns: columns("no integer, division text, year integer, area text, facts bytes"),
		About:   "Timelines of plan lines.",
		Again:   "ON CONFLICT (no) DO UPDATE SET facts = excluded.facts",
		Indexes: []Index{{Name: "plan_line_key", Columns: []string{"division", "year", "area"}, Unique: true}}},
	{Name: "run", Key: []string{"no"}, Columns: columns("no integer, name text"),
		About: "Pay runs, so that the lines of a run can name it in a number."},
	{Name: "folio", Key: []string{"no"}, Columns: columns("no integer, county text"),
		About:   "A folio holds the facts of 256 persons who came in the same county: those with no >> 8 = folio. It consists of leaves.",
		Indexes: []Index{{Name: "folio_county", Columns: []string{"county"}}}},
	{Name: "leaf", Key: []string{"folio", "last"}, Columns: columns("folio integer, last integer, facts bytes"),
		About: "Facts of the persons of a folio in log order; last is the last event of the leaf."},
	{Name: "person", Key: []string{"folio", "last"}, Columns: columns("folio integer, last integer, ids bytes"),
		About: "The pseudonyms that the log has of the persons of a folio, in the order of their numbers, in leaves likewise. See timeline.ReadPseudonyms."},
	{Name: "bearer", Key: []string{"bucket", "last"}, Columns: columns("bucket integer, last integer, persons bytes"),
		About: "The numbers of persons, in leaves likewise: a bucket holds those whose pseudonyms have hashes that begin alike. See timeline.ReadBearers."},
	{Name: "agency", Key: []string{"no"}, Columns: columns("no integer, name text"),
		About:   "Agencies.",
		Indexes: []Index{{Name: "agency_name", Columns: []string{"name"}, Unique: true}}},
	{Name: "agency_leaf", Key: []string{"agency", "last"}, Columns: columns("agency integer, last integer, events bytes"),
		About: "The events of an agency in log order, in leaves likewise."},
	{Name: "checkpoint", Key: []string{"no"}, Columns: columns("no integer, body bytes"),
		About: "What a bulk load needs to go on from where it is, in parts; empty once it is finished."},
}

// viewTable is the table of a view.
func viewTable(v view.View) Table {
	t := Table{Name: v.Name, Key: []string{"last"}, Columns: columns("last integer, differences bytes"),
		About: "Differences, in leaves: n more in a cell from a business date on, known since a commit. See packing.AppendDeltas."}
	if v.Spans != nil {
		t.Columns[1].Name = "spans"
		t.About = "Spans, in leaves: a seat in a state on the business dates [since, until), held to be so from one commit until another. See packing.AppendSpans."
	}
	return t
}

// leafColumns returns the column that says whose leaf a row of a table is, empty
// where all are of one, and the column with the leaf. A table has leaves where
// its key ends in their last event.
func (t *Table) leafColumns() (of, body string, ok bool) {
	switch {
	case len(t.Key) == 0 || t.Key[len(t.Key)-1] != "last":
		return "", "", false
	case len(t.Key) > 1:
		of = t.Key[0]
	}
	return of, t.Columns[len(t.Columns)-1].Name, true
}

// Tables returns the tables of a generation with some views.
func Tables(views []view.View) []Table {
	all := commonTables[:len(commonTables):len(commonTables)]
	for _, v := range views {
		all = append(all, viewTable(v))
	}
	return all
}

// MetaRows returns the rows of the table meta of a generation while it is built.
func MetaRows(views []view.View) map[string]string {
	m := map[string]string{"schema": fmt.Sprint(schemaVersion), "timeline": fmt.Sprint(timeline.Version), "state": "building"}
	for _, v := range views {
		m["view:"+v.Name] = fmt.Sprint(v.Version)
	}
	return m
}

// columns reads names and kinds.
func columns(list string) (all []Column) {
	kinds := map[string]Kind{"integer": Integer, "text": Text, "bytes": Bytes}
	for _, c := range strings.Split(list, ", ") {
		words := strings.Fields(c)
		all = append(all, Column{Name: words[0], Kind: kinds[words[1]], Null: len(words) > 2})
	}
	return all
}
