package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Current returns the generation that the row in muster.in_use names. It fails with
// ErrNone if there is no row or no table.
func (s *Store) Current(ctx context.Context) (name string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT generation FROM muster.in_use`).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) || hasCode(err, undefinedTable, invalidSchema) {
		return "", readmodel.ErrNone
	}
	return name, wrap(err)
}

// SetCurrent replaces the row in muster.in_use, and makes its table if need be.
func (s *Store) SetCurrent(ctx context.Context, name string) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO muster.in_use (one, generation) VALUES (1, $1)
		ON CONFLICT (one) DO UPDATE SET generation = excluded.generation`, name)
	return wrap(err)
}

// migrate brings the schema muster up to date, once in the life of a Store.
func (s *Store) migrate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.migrated {
		return nil
	}
	// Without the lock, IF NOT EXISTS may fail if two processes run it at once.
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lock.DefaultLockID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS muster`)
		return err
	})
	if err != nil {
		return wrap(err)
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName("muster.migrations"), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("postgres: migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("postgres: migrations: %w", wrap(err))
	}
	s.migrated = true
	return nil
}
