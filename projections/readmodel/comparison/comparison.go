// Package comparison tells in what two generations of the read model differ, and
// hashes the tables of one.
//
// [Compare] walks two generations, in one store or in two, row by row as both were
// at one commit. Each table is read once, in the order of its keys, so the memory
// needed is that of the largest record:
//
//	generation a ─ recordSource ─ recordCursor ─┐
//	                                            ├─ tableComparison ─ TableDifference
//	generation b ─ recordSource ─ recordCursor ─┘
//
// A record is what lies under one key, as bytes: a row, or all that a folio or a
// commit has. Records are compared as bytes. Only if they differ are they taken
// apart into rows and put in words.
//
// [Hashes] has one hash a table. Two generations that read one log up to one
// commit, with the same views, have the same hashes, whatever the store and
// however they were built.
//
// Which table is read how follows from its contents, see readmodel.Contents. Both
// functions only read, and are safe for concurrent use, also while a projector
// writes. Errors are those of the readers.
package comparison

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/readmodel"
)

// A TableDifference says how the rows of a table differ between two
// generations.
type TableDifference struct {
	Table                string
	Rows                 int // compared, in the first generation
	Added, Gone, Changed int // in the second generation
	Examples             []RowDifference
}

// Same reports whether there is no difference.
func (d TableDifference) Same() bool { return d.Added+d.Gone+d.Changed == 0 }

// A RowDifference is one row that differs.
type RowDifference struct {
	Key    string
	Before string // empty if the row was added
	After  string // empty if the row is gone
	// Events are the positions of the events behind the row, as far as the row
	// tells them.
	Events []log.Position
}

// Compare compares two generations as they were at an ordinal that both have
// reached, and gives at most so many examples a table. Tables are in the order of
// readmodel.Tables, views by name. Tables of names are compared as far as both have
// rows, since one generation may have read further; views are compared if both
// generations have them, in whatever version. Compare fails with
// readmodel.ErrUnknown if a generation has not reached the ordinal.
func Compare(ctx context.Context, first, second *readmodel.Reader, ord uint64, examples int) ([]TableDifference, error) {
	numbering := newCellNumbering()
	a, err := newSide(ctx, first, ord, numbering)
	if err != nil {
		return nil, err
	}
	b, err := newSide(ctx, second, ord, numbering)
	if err != nil {
		return nil, err
	}
	var all []TableDifference
	for _, t := range a.tables {
		other, both := b.tableNamed(t.Name)
		if _, skip := notCompared[t.Contents]; skip || !both {
			continue
		}
		d, err := compareTable(a, b, t, other, examples)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.Name, err)
		}
		all = append(all, d)
	}
	return all, nil
}

func compareTable(a, b *side, t, other readmodel.Table, examples int) (d TableDifference, err error) {
	c := tableComparison{names: t.Contents == readmodel.Names, maxExamples: examples, TableDifference: TableDifference{Table: t.Name}}
	if c.a, err = a.open(t); err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, c.a.rows.Close()) }()
	if c.b, err = b.open(other); err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, c.b.rows.Close()) }()
	err = c.walk()
	return c.TableDifference, err
}
