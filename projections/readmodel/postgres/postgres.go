// Package postgres keeps generations of the read model in PostgreSQL, version
// 15 or later: one schema a generation in a database, gen-000001 and so on, and
// a row in the schema muster that names the one in use.
//
// The database belongs to one deployment. Only the row in the schema muster outlives a
// generation: its table is made and changed by the migrations in this package, when a
// generation is switched to. Generations are never migrated: one with other tables is
// rebuilt from the log beside the living one. A writer needs the right to create
// schemas in the database; a reader needs USAGE and SELECT, and opens its transactions
// read-only.
//
// A bulk load copies rows (COPY) into tables without indexes, and commits at each
// checkpoint without waiting for the disk. The tables are logged like any other, since
// making unlogged ones logged would write everything a second time. The transaction
// that ends the load waits for the disk, and so for everything before it. After a power
// cut the last transactions of a finished generation may be gone, position and rows
// alike; the projector reads them from the log again.
//
// A projector that is stopped in the middle of a transaction keeps its locks. The one
// that takes over waits as long as a transaction may take, asks the server which
// session blocks it, and terminates that session. If none takes over, the server ends
// a transaction that has been idle for half a minute. Both only make progress possible:
// what keeps the stopped projector from writing when it wakes is the epoch.
//
// The methods of a Store are safe for concurrent use. Errors that say that a table is
// damaged or missing are readmodel.ErrUnusable; those of the connection are
// readmodel.ErrUnavailable.
package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/muster-works/muster/projections/readmodel"
)

// A Store is a database of generations.
type Store struct {
	config *pgxpool.Config
	pool   *pgxpool.Pool
	// patience is how long a writer that takes over waits for a transaction of the
	// writer before it.
	patience time.Duration

	mu       sync.Mutex
	migrated bool
}

// Open connects to the database that a URL names, which may have the settings of pgx
// pools. It fails if the server is older than version 15 or if the database is not in
// UTF-8. No error contains the password.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	config.ConnConfig.RuntimeParams["application_name"] = "muster"
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	pool, err := pgxpool.NewWithConfig(ctx, config.Copy())
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s := &Store{config: config, pool: pool, patience: 5 * time.Second}
	if err := s.check(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// OpenDir connects to a database of generations, ready to be read and written.
func OpenDir(ctx context.Context, url string) (*readmodel.Dir, error) {
	s, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return readmodel.NewDir(s), nil
}

// oldest is the first version that is supported, as servers number versions.
const oldest = 150000

// check checks the version of the server and the encoding of the database.
func (s *Store) check(ctx context.Context) error {
	var version int
	var encoding string
	err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`).Scan(&version, &encoding)
	switch {
	case err != nil:
		return wrap(err)
	case version < oldest:
		return fmt.Errorf("postgres: the server is of version %d; it takes 15 or later", version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("postgres: the database has the encoding %s; create it with UTF8", encoding)
	}
	return nil
}

// Generations returns the names of the schemas.
func (s *Store) Generations(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'gen-%'`)
	if err != nil {
		return nil, wrap(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return names, wrap(err)
}

// Open opens a generation for reading.
func (s *Store) Open(ctx context.Context, name string) (readmodel.Generation, error) {
	config := s.config.Copy()
	config.ConnConfig.RuntimeParams["search_path"] = searchPath(name)
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, wrap(err)
	}
	return &generation{asker: pool, close: pool.Close}, nil
}

// Remove drops the schema of a generation.
func (s *Store) Remove(ctx context.Context, name string) error {
	_, err := s.pool.Exec(ctx, `DROP SCHEMA IF EXISTS `+quote(name)+` CASCADE`)
	return wrap(err)
}

// Close closes the connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// searchPath returns the search path by which the tables of a generation are found.
func searchPath(name string) string { return quote(name) + ", pg_catalog" }
