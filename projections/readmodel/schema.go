package readmodel

import (
	"fmt"
	"strings"

	"github.com/muster-works/muster/projections/view"
)

// schemaVersion is that of the tables below.
const schemaVersion = 3

// tables are those of every generation.
const tables = `
-- What the generation was made by: schema, timeline, state (building, ready),
-- and view:NAME with the version of each view.
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

-- How far the log was read. epoch counts the projectors that have taken over.
CREATE TABLE progress (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL, ord INTEGER NOT NULL);
INSERT INTO progress VALUES (1, 0, 0);

-- Every commit. keys holds the key hash (16 bytes) of each of its events, and
-- subjects the timelines that each is about, so that an event can be left out
-- of them without being read again.
CREATE TABLE commits (
  ord INTEGER PRIMARY KEY, position TEXT NOT NULL, id TEXT NOT NULL,
  recorded INTEGER NOT NULL, keys BLOB NOT NULL, subjects BLOB NOT NULL);

-- Events that were replaced or withdrawn, by key hash: by which event, and
-- which event it was (NULL while it has not come).
CREATE TABLE void (key BLOB PRIMARY KEY, by INTEGER NOT NULL, target INTEGER) WITHOUT ROWID;

-- What figures are broken down by.
CREATE TABLE cell (
  id INTEGER PRIMARY KEY, division TEXT NOT NULL, category TEXT NOT NULL, kind TEXT NOT NULL,
  area TEXT NOT NULL, grp TEXT NOT NULL, sex TEXT NOT NULL, reason TEXT NOT NULL);

-- Timelines: packed facts in log order, see package timeline. The division of
-- a post is where it lies by all that is known; empty before it is developed.
CREATE TABLE post (no INTEGER PRIMARY KEY, name TEXT NOT NULL, division TEXT NOT NULL, facts BLOB NOT NULL);
CREATE TABLE plan_line (
  no INTEGER PRIMARY KEY, division TEXT NOT NULL, year INTEGER NOT NULL, area TEXT NOT NULL, facts BLOB NOT NULL);
-- Pay runs, so that the lines of a run can name it in a number.
CREATE TABLE run (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE person (no INTEGER PRIMARY KEY, id BLOB NOT NULL);

-- A folio holds the facts of 256 persons who came in the same county: those
-- with no >> 8 = folio. It consists of leaves; last is the last event of one.
CREATE TABLE folio (no INTEGER PRIMARY KEY, county TEXT NOT NULL);
CREATE TABLE leaf (folio INTEGER NOT NULL, last INTEGER NOT NULL, facts BLOB NOT NULL,
  PRIMARY KEY (folio, last)) WITHOUT ROWID;

-- The events of each agency, in leaves likewise.
CREATE TABLE agency (no INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE agency_leaf (agency INTEGER NOT NULL, last INTEGER NOT NULL, events BLOB NOT NULL,
  PRIMARY KEY (agency, last)) WITHOUT ROWID;
`

// indexes are those of every generation; a bulk load makes them at its end.
const indexes = `
CREATE UNIQUE INDEX commits_position ON commits (position);
CREATE INDEX commits_recorded ON commits (recorded, ord);
CREATE UNIQUE INDEX post_name ON post (name);
CREATE INDEX post_division ON post (division);
CREATE UNIQUE INDEX person_id ON person (id);
CREATE UNIQUE INDEX plan_line_key ON plan_line (division, year, area);
CREATE UNIQUE INDEX agency_name ON agency (name);
CREATE INDEX folio_county ON folio (county);
`

// A view with Post or Plan has a table of differences: n more in a cell from a
// business date on, known since the commit ord. id grows in log order.
const differenceTable = `
CREATE TABLE %[1]s (
  id INTEGER PRIMARY KEY, ord INTEGER NOT NULL, cell INTEGER NOT NULL,
  date INTEGER NOT NULL, measure INTEGER NOT NULL, n INTEGER NOT NULL);
`

// A view with Spans has a table of spans: a seat in a state on the business
// dates [since, until), held to be so from the commit ord_from until the
// commit ord_until. node is 0 while that is so; later it is the ordinal in
// [ord_from, ord_until) that 2 divides most often. Of all spans that held at
// an ordinal the node is one of some 20 numbers (a relational interval tree),
// so that the index below finds the spans of any as_of and known_at.
const spanTable = `
CREATE TABLE %[1]s (
  id INTEGER PRIMARY KEY, post INTEGER NOT NULL, seat INTEGER NOT NULL, cell INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL, filled INTEGER NOT NULL,
  ord_from INTEGER NOT NULL, ord_until INTEGER NOT NULL, node INTEGER NOT NULL);
`

const spanIndex = `
CREATE INDEX %[1]s_stab ON %[1]s (node, until);
CREATE INDEX %[1]s_ended ON %[1]s (ord_until) WHERE node <> 0;
`

func schemaFor(views []view.View) (create, index string) {
	var c, i strings.Builder
	c.WriteString(tables)
	i.WriteString(indexes)
	for _, v := range views {
		if v.Spans != nil {
			fmt.Fprintf(&c, spanTable, v.Name)
			fmt.Fprintf(&i, spanIndex, v.Name)
		} else {
			fmt.Fprintf(&c, differenceTable, v.Name)
		}
	}
	return c.String(), i.String()
}
