package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/muster-works/muster/events"
)

// postgresStore keeps the rows in the schema vault of a PostgreSQL database,
// which several gateways share.
//
// # Turns
//
// A transaction begins by raising vault.turn.version, whose row stays locked
// until it ends: transactions take turns, and the versions of what they wrote
// are in the order of their commits. So "everything with a version above mine"
// misses nothing that was committed late.
//
// # Bounds
//
// A gateway that stands still in the middle of a transaction is cut off after
// [turnTime], or it would keep the turn from everybody else.
type postgresStore struct {
	pool *pgxpool.Pool
	gate *postgresDoor
}

const (
	turnTime    = 10 * time.Second // a transaction, at most
	connectTime = 10 * time.Second
)

// The tables are those of SQLite, with the version that wrote each row. gone
// tells other gateways what to forget, and says no more than the log does: the
// pseudonym, and tokens.
const postgresSchema = `
CREATE SCHEMA IF NOT EXISTS vault;
CREATE TABLE IF NOT EXISTS vault.meta (name text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE IF NOT EXISTS vault.turn (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL);
INSERT INTO vault.turn (version) VALUES (1) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS vault.person (
	n       bigint PRIMARY KEY,
	person  bytea NOT NULL UNIQUE,
	number  bytea NOT NULL UNIQUE,
	birth   integer NOT NULL,
	female  boolean NOT NULL,
	key     bytea NOT NULL,
	sealed  bytea NOT NULL,
	marks   bytea NOT NULL,
	version bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS person_version ON vault.person (version);
CREATE TABLE IF NOT EXISTS vault.mark (hash bigint PRIMARY KEY, token bigint NOT NULL, version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS mark_version ON vault.mark (version);
CREATE TABLE IF NOT EXISTS vault.gone (person bytea, token bigint, version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS gone_version ON vault.gone (version);`

// OpenPostgres opens the vault in a PostgreSQL database, named by a postgres://
// URL, and makes tables and key where there is no vault yet. The key file must
// be the same for all gateways; that of the first is copied to the others. It
// does not have to be the server of the log, and should not be.
func OpenPostgres(ctx context.Context, url, keyFile string) (*Vault, error) {
	s, err := connectPostgres(ctx, url)
	if err != nil {
		return nil, err
	}
	master, err := s.prepare(ctx, keyFile)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return newVault(ctx, s, master)
}

func connectPostgres(ctx context.Context, url string) (*postgresStore, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err) // pgx leaves the password out
	}
	config.ConnConfig.ConnectTimeout = connectTime
	set := config.ConnConfig.RuntimeParams
	set["application_name"] = "muster vault"
	set["synchronous_commit"] = "on" // a receipt must not outlive its person
	set["idle_in_transaction_session_timeout"] = fmt.Sprint(turnTime.Milliseconds())
	set["client_connection_check_interval"] = "1000"
	s := &postgresStore{}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	at := config.Copy()
	at.MaxConns, at.MinConns = doorConns, 0
	at.ConnConfig.RuntimeParams["lock_timeout"] = fmt.Sprint(doorTime.Milliseconds())
	doors, err := pgxpool.NewWithConfig(ctx, at)
	if err != nil {
		s.pool.Close()
		return nil, fmt.Errorf("vault: %w", err)
	}
	s.gate = newPostgresDoor(doors)
	return s, nil
}

// prepare makes the tables, and the key of a vault that is new.
func (s *postgresStore) prepare(ctx context.Context, keyFile string) (master []byte, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// IF NOT EXISTS does not help against another gateway that makes them
		// at the same moment; nor does a vault have two keys.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", makingLock); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, postgresSchema); err != nil {
			return err
		}
		var have []byte
		err := tx.QueryRow(ctx, "SELECT value FROM vault.meta WHERE name='check'").Scan(&have)
		fresh := errors.Is(err, pgx.ErrNoRows)
		if err != nil && !fresh {
			return err
		}
		if master, err = masterKey(keyFile, fresh); err != nil {
			return err
		}
		check, err := subkey(master, "check")
		if err != nil || !fresh {
			return errors.Join(err, recognise(have, check))
		}
		_, err = tx.Exec(ctx, "INSERT INTO vault.meta VALUES ('check',$1)", check)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return master, nil
}

func (s *postgresStore) door() door { return s.gate }

func (s *postgresStore) close() error {
	s.gate.pool.Close()
	s.pool.Close()
	return nil
}

// errBack says that the database was replaced by an older one under this
// gateway, whose index speaks of people that are not there.
var errBack = errors.New("vault: the database has gone back: it was restored; start the gateway again")

// read asks for the version first: mostly nothing has changed.
func (s *postgresStore) read(ctx context.Context, since int64) (*news, error) {
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	var version int64
	if err := s.pool.QueryRow(ctx, "SELECT version FROM vault.turn").Scan(&version); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	switch {
	case version < since:
		return nil, errBack
	case version == since:
		return nil, nil
	}
	var n *news
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		if err := tx.QueryRow(ctx, "SELECT version FROM vault.turn").Scan(&version); err != nil {
			return err
		}
		n, err = readNews(ctx, tx, since, version)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return n, nil
}

// readNews reads what was written above one version and up to another.
func readNews(ctx context.Context, tx pgx.Tx, since, version int64) (*news, error) {
	n := &news{version: version, erased: map[events.Person]bool{}, forgotten: map[token]bool{}}
	rows, err := tx.Query(ctx, "SELECT n, person, number, birth, female FROM vault.person WHERE version > $1", since)
	if err != nil {
		return nil, err
	}
	var f fact
	var person, number []byte
	if _, err := pgx.ForEachRow(rows, []any{&f.row, &person, &number, (*int32)(&f.birth), &f.female}, func() error {
		k, err := knownOf(f, person, number)
		n.persons = append(n.persons, k)
		return err
	}); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, "SELECT hash, token FROM vault.mark WHERE version > $1", since); err != nil {
		return nil, err
	}
	var hash, t int64
	if _, err := pgx.ForEachRow(rows, []any{&hash, &t}, func() error {
		n.tokens = append(n.tokens, mark{valueHash(hash), token(t)})
		return nil
	}); err != nil {
		return nil, err
	}
	if since == 0 {
		return n, nil // an empty index has nothing to forget
	}
	if rows, err = tx.Query(ctx, "SELECT coalesce(person, ''), coalesce(token, 0) FROM vault.gone WHERE version > $1", since); err != nil {
		return nil, err
	}
	_, err = pgx.ForEachRow(rows, []any{&person, &t}, func() error {
		if len(person) == len(events.Person{}) {
			n.erased[events.Person(person)] = true
		} else {
			n.forgotten[token(t)] = true
		}
		return nil
	})
	return n, err
}

// scrub gives the space of what was deleted free, to be used again.
func (s *postgresStore) scrub(ctx context.Context) error {
	for _, table := range []string{"person", "mark"} {
		if _, err := s.pool.Exec(ctx, "VACUUM vault."+table); err != nil {
			return fmt.Errorf("vault: %w", err)
		}
	}
	return nil
}
