package readmodel

import (
	"slices"

	"github.com/muster-works/muster/projections/view"
)

// SchemaVersion is the version of the tables below, of the byte layouts in
// package packing, and of what a state hash covers. It rises with each change
// of one of them; the golden file of a version in testdata is frozen. Generations
// are not migrated: one of another version is rebuilt from the log.
//
// Version 9: the state covers each agency of a commit once. Up to version 8 a cache
// of 256 slots decided how often an agency was in it.
//
// Version 10: timelines are of version 5.
const SchemaVersion = 10

// The tables that the projector fills with leaves by name.
const (
	CellTable       = "cell"
	PersonFactTable = "leaf"
	PseudonymTable  = "person"
	BearerTable     = "bearer"
	AgencyLeafTable = "agency_leaf"
)

// Names of tables and columns are durable: they stand in the files of a store,
// and analysts ask for them. So they keep older words than the code has; void,
// for one, holds retractions.

// commonTables are the tables of every generation, in the order in which they are
// reported. It is the one list of them.
var commonTables = []Table{
	{Name: "meta", Contents: Bookkeeping, Key: []string{"name"}, Columns: columns("name text, value text"), KeyedInLoad: true,
		About: "What the generation was made by: schema, timeline, state (building, ready), and view:NAME with the version of each view."},
	{Name: "progress", Contents: Bookkeeping, Key: []string{"one"}, KeyedInLoad: true,
		Columns: columns("one integer, epoch integer, ord integer, beat integer, stopped text null"),
		About:   "One row: how far the log was read. epoch counts the projectors that have taken over; beat counts on while the last one lives, and is 0 when it let go; stopped says why the last one reads no further, NULL while it does."},
	{Name: "commits", Contents: Commits, Key: []string{"ord"}, KeyedInLoad: true, insert: insertCommits,
		Columns: columns("ord integer, position text, id text, recorded integer, state bytes, keys bytes, subjects bytes"),
		About: "Every commit. keys holds the key hash (16 bytes) of each of its events, and subjects the timelines that each is about, " +
			"so that an event can be left out of them without being read again. state is a hash of all that the log made of the generation up to there.",
		Indexes: []Index{
			{Name: "commits_position", Columns: []string{"position"}, Unique: true},
			{Name: "commits_recorded", Columns: []string{"recorded", "ord"}}}},
	{Name: "set_aside", Contents: SetAsides, Key: []string{"event"}, Columns: columns("event integer, position text, why text"), insert: insertSetAside,
		About: "Events that could not be read, and that an operator set aside: where they are, and what is wrong."},
	{Name: "void", Contents: Retractions, Key: []string{"key"}, Columns: columns("key bytes, by integer, target integer null"), KeyedInLoad: true, insert: insertRetractions,
		About:      "Events that were replaced or withdrawn, by key hash: by which event, and which event it was (NULL while it has not come).",
		OnConflict: "ON CONFLICT (key) DO UPDATE SET target = coalesce(void.target, excluded.target)"},
	{Name: CellTable, Contents: Cells, Key: []string{"last"}, Columns: columns("last integer, cells bytes"),
		About: "What figures are broken down by, in leaves: the cells that each commit named for the first time. They are numbered from 1 in that order."},
	{Name: "post", Contents: PostTimelines, Key: []string{"no"}, Columns: columns("no integer, name text, division text, facts bytes"), insert: insertPosts,
		About:      "Timelines of posts: packed facts in log order. The division is the smallest that holds wherever the post was ever known to lie, * if that is none; empty before it is developed.",
		OnConflict: "ON CONFLICT (no) DO UPDATE SET division = excluded.division, facts = excluded.facts",
		Indexes: []Index{
			{Name: "post_name", Columns: []string{"name"}, Unique: true},
			{Name: "post_division", Columns: []string{"division"}}}},
	{Name: "plan_line", Contents: PlanTimelines, Key: []string{"no"}, Columns: columns("no integer, division text, year integer, area text, facts bytes"), insert: insertPlans,
		About:      "Timelines of plan lines: packed facts in log order.",
		OnConflict: "ON CONFLICT (no) DO UPDATE SET facts = excluded.facts",
		Indexes:    []Index{{Name: "plan_line_key", Columns: []string{"division", "year", "area"}, Unique: true}}},
	{Name: PersonFactTable, Contents: PersonFacts, Key: []string{"folio", "last"}, Columns: columns("folio integer, last integer, facts bytes"),
		About: "Facts of the persons of a folio in log order; last is the last event of the leaf."},
	{Name: AgencyLeafTable, Contents: AgencyEvents, Key: []string{"agency", "last"}, Columns: columns("agency integer, last integer, events bytes"),
		About: "The events of an agency in log order, in leaves likewise."},
	{Name: PseudonymTable, Contents: Pseudonyms, Key: []string{"folio", "last"}, Columns: columns("folio integer, last integer, ids bytes"),
		About: "The pseudonyms that the log has of the persons of a folio, in the order of their numbers, in leaves likewise."},
	{Name: BearerTable, Contents: Bearers, Key: []string{"bucket", "last"}, Columns: columns("bucket integer, last integer, persons bytes"),
		About: "The numbers of persons, in leaves likewise: a bucket holds those whose pseudonyms have hashes that begin alike."},
	{Name: "run", Contents: Names, Key: []string{"no"}, Columns: columns("no integer, name text"),
		insert: func(b *Batch) Insert { return insertNames(b.Runs) },
		About:  "Pay runs, so that the lines of a run can name it in a number."},
	{Name: "agency", Contents: Names, Key: []string{"no"}, Columns: columns("no integer, name text"),
		insert:  func(b *Batch) Insert { return insertNames(b.Agencies) },
		About:   "Agencies.",
		Indexes: []Index{{Name: "agency_name", Columns: []string{"name"}, Unique: true}}},
	{Name: "folio", Contents: Names, Key: []string{"no"}, Columns: columns("no integer, county text"),
		insert:  func(b *Batch) Insert { return insertNames(b.Folios) },
		About:   "A folio holds the facts of 256 persons who came in the same county: those with no >> 8 = folio. It consists of leaves.",
		Indexes: []Index{{Name: "folio_county", Columns: []string{"county"}}}},
	{Name: "checkpoint", Contents: Bookkeeping, Key: []string{"no"}, Columns: columns("no integer, body bytes"), insert: insertCheckpoint,
		About: "What a bulk load needs to go on from where it is, in parts; empty once it is finished."},
}

// Tables returns the tables of a generation with some views: those of every
// generation, and one a view in the order of the views.
func Tables(views []view.View) []Table {
	all := slices.Clip(commonTables)
	for _, v := range views {
		all = append(all, viewTable(v.Name, v.Spans != nil))
	}
	return all
}

// viewTable returns the table of a view, which has spans or deltas.
func viewTable(name string, spans bool) Table {
	if spans {
		return Table{Name: name, Contents: Spans, Key: []string{"last"}, Columns: columns("last integer, " + spansColumn + " bytes"),
			About: "Spans, in leaves: a seat in a state on the business dates [since, until), held to be so from one commit until another."}
	}
	return Table{Name: name, Contents: Deltas, Key: []string{"last"}, Columns: columns("last integer, " + deltasColumn + " bytes"),
		About: "Deltas, in leaves: n more in a cell from a business date on, known since a commit."}
}

// The columns with the leaves of a view.
const (
	deltasColumn = "differences"
	spansColumn  = "spans"
)
