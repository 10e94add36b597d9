package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/muster-works/muster/projections/readmodel"
)

// preparedStatements prepares each statement of a transaction once. After the first
// error, nothing more is run.
type preparedStatements struct {
	ctx  context.Context
	tx   *sql.Tx
	err  error
	done map[string]*sql.Stmt
	args []any
}

// rowsAtOnce is how many rows one statement inserts.
const rowsAtOnce = 50

func (s *preparedStatements) insert(i readmodel.Insert) {
	one := ",(?" + strings.Repeat(",?", len(i.Table.Columns)-1) + ")"
	// An error rolls back the whole transaction. FAIL spares SQLite from noting, page
	// by page, how to take back the rows of this statement alone.
	insert := "INSERT OR FAIL INTO "
	if i.Table.OnConflict != "" {
		insert = "INSERT INTO "
	}
	for from := 0; from < i.Len; from += rowsAtOnce {
		until := min(from+rowsAtOnce, i.Len)
		s.args = s.args[:0]
		for n := from; n < until; n++ {
			s.args = i.Row(s.args, n)
		}
		s.exec(insert+i.Table.Name+" VALUES "+strings.Repeat(one, until-from)[1:]+" "+i.Table.OnConflict, s.args...)
	}
}

func (s *preparedStatements) exec(query string, args ...any) {
	if s.err != nil {
		return
	}
	stmt := s.done[query]
	if stmt == nil {
		if stmt, s.err = s.tx.PrepareContext(s.ctx, query); s.err != nil {
			return
		}
		if s.done == nil {
			s.done = map[string]*sql.Stmt{}
		}
		s.done[query] = stmt
	}
	_, s.err = stmt.ExecContext(s.ctx, args...)
}

func (s *preparedStatements) close() error {
	for _, stmt := range s.done {
		s.err = errors.Join(s.err, stmt.Close())
	}
	return s.err
}
