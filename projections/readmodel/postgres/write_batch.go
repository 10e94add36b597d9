package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/projections/readmodel"
)

// A writeBatch collects the statements of a transaction and sends many at once. After
// the first error, nothing more is sent.
type writeBatch struct {
	ctx   context.Context
	tx    pgx.Tx
	batch pgx.Batch
	err   error
}

const (
	// copyFrom is the number of rows from which on COPY costs less than statements
	// sent together.
	copyFrom = 32
	// together is the number of statements sent before their answers are read.
	together = 1000
)

func (w *writeBatch) insert(i readmodel.Insert) {
	names := make([]string, len(i.Table.Columns))
	for n, c := range i.Table.Columns {
		names[n] = c.Name
	}
	if i.Table.OnConflict == "" && i.Len >= copyFrom {
		if w.err == nil {
			var row []any
			_, w.err = w.tx.CopyFrom(w.ctx, pgx.Identifier{i.Table.Name}, names, pgx.CopyFromSlice(i.Len, func(n int) ([]any, error) {
				row = i.Row(row[:0], n)
				return row, nil
			}))
		}
		return
	}
	query := insertStatement(i.Table)
	for n := range i.Len {
		w.queue(query, i.Row(nil, n))
	}
}

// insertStatement returns the statement that inserts a row of a table.
func insertStatement(t readmodel.Table) string {
	q := "INSERT INTO " + t.Name + " VALUES ("
	for n := range t.Columns {
		if n > 0 {
			q += ", "
		}
		q += fmt.Sprintf("$%d", n+1)
	}
	return q + ") " + t.OnConflict
}

func (w *writeBatch) queue(query string, args []any) {
	if w.batch.Queue(query, args...); w.batch.Len() == together {
		w.send()
	}
}

func (w *writeBatch) send() {
	if w.err == nil && w.batch.Len() > 0 {
		w.err = w.tx.SendBatch(w.ctx, &w.batch).Close()
	}
	w.batch = pgx.Batch{}
}
