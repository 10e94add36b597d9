package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/muster-works/muster/projections/readmodel"
)

// A generation is a schema that is open, and implements readmodel.Generation.
type generation struct {
	asker interface {
		Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	}
	close func()
}

func (g *generation) Query(ctx context.Context, query string, args ...any) (readmodel.Rows, error) {
	r, err := g.asker.Query(ctx, numberArguments(query), args...)
	if err != nil {
		return nil, wrap(err)
	}
	return &rows{Rows: r}, nil
}

func (g *generation) Close() error {
	g.close()
	return nil
}

// rows implements readmodel.Rows: pgx has other types for raw bytes and flags.
type rows struct {
	pgx.Rows
	to []any
}

func (r *rows) Scan(to ...any) error {
	r.to = append(r.to[:0], to...)
	for i, p := range r.to {
		switch p := p.(type) {
		case *sql.RawBytes:
			r.to[i] = (*pgtype.DriverBytes)(p)
		case *bool:
			r.to[i] = (*flag)(p)
		}
	}
	return wrap(r.Rows.Scan(r.to...))
}

func (r *rows) Columns() ([]string, error) {
	var names []string
	for _, f := range r.FieldDescriptions() {
		names = append(names, f.Name)
	}
	return names, wrap(r.Rows.Err())
}

func (r *rows) Err() error { return wrap(r.Rows.Err()) }

func (r *rows) Close() error {
	r.Rows.Close()
	return nil
}

// A flag is a bool that is stored as an integer.
type flag bool

// ScanInt64 makes a flag a pgtype.Int64Scanner.
func (f *flag) ScanInt64(n pgtype.Int8) error {
	*f = n.Int64 != 0
	return nil
}

var numberedQueries sync.Map // what numberArguments returned, by query

// numberArguments returns a query with $1, $2, … in place of each ?.
func numberArguments(query string) string {
	if q, ok := numberedQueries.Load(query); ok {
		return q.(string)
	}
	var b strings.Builder
	for i, part := range strings.Split(query, "?") {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	numberedQueries.Store(query, b.String())
	return b.String()
}

// Codes of errors, see appendix A of PostgreSQL's manual.
const (
	undefinedTable  = "42P01"
	undefinedColumn = "42703"
	invalidSchema   = "3F000"
	duplicateSchema = "42P06"
	dataCorrupted   = "XX001"
	indexCorrupted  = "XX002"
)

// hasCode reports whether an error of the server has one of the codes.
func hasCode(err error, codes ...string) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}

// wrap adds ErrUnusable to an error that says that a table is missing or damaged, and
// ErrUnavailable to one that says that the server cannot be reached or ended the
// session.
func wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case hasCode(err, undefinedTable, undefinedColumn, invalidSchema, dataCorrupted, indexCorrupted):
		return fmt.Errorf("%w: %w", readmodel.ErrUnusable, err)
	case isConnectionLost(err):
		return fmt.Errorf("%w: %w", readmodel.ErrUnavailable, err)
	}
	return fmt.Errorf("postgres: %w", err)
}

// isConnectionLost reports whether an error is of the connection. The classes of codes
// 08, 53 and 57P are those of connections, of resources, and of sessions that the
// server or an operator ended.
func isConnectionLost(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "53") || strings.HasPrefix(e.Code, "57P") || e.Code == idleInTransaction
	}
	var dial *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &dial) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, net.ErrClosed)
}
