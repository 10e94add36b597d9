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

// A postgresStore keeps the rows in the schema vault of a PostgreSQL database, which
// several gateways share.
//
// A transaction begins by raising vault.turn.version. The row of the version stays locked
// until the transaction ends. So transactions take turns, and the versions of what they
// wrote are in the order of their commits: a query for everything above a version misses
// nothing that was committed late.
//
// A gateway that stands still in the middle of a transaction would keep the others
// waiting. The server ends its session after [transactionTimeout].
type postgresStore struct {
	pool *pgxpool.Pool
	lock *postgresLock
}

const (
	transactionTimeout = 10 * time.Second // how long a gateway may keep the others waiting
	connectTime        = 10 * time.Second
)

// The tables are those of SQLite, and each row has the version that wrote it. The table
// gone tells other gateways what to remove from their indexes. It holds pseudonyms and
// tokens, which the log holds too, and the hashes of numbers that lead to nobody any more.
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
CREATE TABLE IF NOT EXISTS vault.pending (person bytea PRIMARY KEY, needs bytea NOT NULL);
CREATE TABLE IF NOT EXISTS vault.identified (hash bytea PRIMARY KEY, person bytea NOT NULL, kind integer NOT NULL, until bigint NOT NULL, version bigint NOT NULL);
CREATE INDEX IF NOT EXISTS identified_version ON vault.identified (version);
CREATE TABLE IF NOT EXISTS vault.gone (person bytea, token bigint, version bigint NOT NULL);
ALTER TABLE vault.gone ADD COLUMN IF NOT EXISTS number bytea, ADD COLUMN IF NOT EXISTS mark bytea;
CREATE INDEX IF NOT EXISTS gone_version ON vault.gone (version);`

// OpenPostgres opens the vault in a PostgreSQL database that a postgres:// URL names. If
// there is no vault yet, it creates the tables and the master key. All gateways must have
// the same key file: the one that the first gateway created is copied to the others. The
// server should not be that of the log, so that a copy of one does not hold the other.
//
// It fails with [ErrKey] and [ErrExposed] as [Open] does.
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
		return nil, fmt.Errorf("vault: %w", err) // the error of pgx does not hold the password
	}
	config.ConnConfig.ConnectTimeout = connectTime
	set := config.ConnConfig.RuntimeParams
	set["application_name"] = "muster vault"
	set["synchronous_commit"] = "on" // a receipt must not outlive its person
	set["idle_in_transaction_session_timeout"] = fmt.Sprint(transactionTimeout.Milliseconds())
	set["client_connection_check_interval"] = "1000"
	s := &postgresStore{}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	at := config.Copy()
	at.MaxConns, at.MinConns = lockConns, 0
	at.ConnConfig.RuntimeParams["lock_timeout"] = fmt.Sprint(lockTimeout.Milliseconds())
	doors, err := pgxpool.NewWithConfig(ctx, at)
	if err != nil {
		s.pool.Close()
		return nil, fmt.Errorf("vault: %w", err)
	}
	s.lock = newPostgresLock(doors)
	return s, nil
}

// prepare creates the tables, and the master key if the vault is new.
func (s *postgresStore) prepare(ctx context.Context, keyFile string) (master []byte, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// One gateway at a time: IF NOT EXISTS fails if two create a table at the
		// same moment, and each could create a key.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", schemaLockID); err != nil {
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
		if master, err = loadMasterKey(keyFile, fresh); err != nil {
			return err
		}
		check, err := deriveKey(master, "check")
		if err != nil || !fresh {
			return errors.Join(err, checkKey(have, check))
		}
		_, err = tx.Exec(ctx, "INSERT INTO vault.meta VALUES ('check',$1)", check)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return master, nil
}

func (s *postgresStore) erasureLock() erasureLock { return s.lock }

func (s *postgresStore) close() error {
	s.lock.pool.Close()
	s.pool.Close()
	return nil
}

// errRestored says that the database was replaced by an older copy while this gateway had
// it open, so that its index may hold people who are not in the database.
var errRestored = errors.New("vault: the database has gone back: it was restored; start the gateway again")

// read asks for the version first, because mostly nothing has changed.
func (s *postgresStore) read(ctx context.Context, since int64) (*indexUpdate, error) {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	var version int64
	if err := s.pool.QueryRow(ctx, "SELECT version FROM vault.turn").Scan(&version); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	switch {
	case version < since:
		return nil, errRestored
	case version == since:
		return nil, nil
	}
	var n *indexUpdate
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		if err := tx.QueryRow(ctx, "SELECT version FROM vault.turn").Scan(&version); err != nil {
			return err
		}
		n, err = readIndexUpdate(ctx, tx, since, version)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return n, nil
}

// readIndexUpdate reads what was written above one version and up to another.
func readIndexUpdate(ctx context.Context, tx pgx.Tx, since, version int64) (*indexUpdate, error) {
	n := &indexUpdate{version: version, erased: map[events.Person]bool{}, forgotten: map[token]bool{}}
	rows, err := tx.Query(ctx, "SELECT n, person, number, birth, female FROM vault.person WHERE version > $1", since)
	if err != nil {
		return nil, err
	}
	var f attributes
	var person, number []byte
	if _, err := pgx.ForEachRow(rows, []any{&f.row, &person, &number, (*int32)(&f.birth), &f.female}, func() error {
		k, err := newIndexedPerson(f, person, number)
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
		n.tokens = append(n.tokens, valueToken{valueHash(hash), token(t)})
		return nil
	}); err != nil {
		return nil, err
	}
	if err := readPending(ctx, tx, n); err != nil {
		return nil, err
	}
	if err := readMarks(ctx, tx, n, since); err != nil {
		return nil, err
	}
	if since == 0 {
		return n, nil // an empty index has nothing to forget
	}
	if rows, err = tx.Query(ctx, "SELECT coalesce(person, ''), coalesce(token, 0), coalesce(number, ''), coalesce(mark, '') FROM vault.gone WHERE version > $1", since); err != nil {
		return nil, err
	}
	var mark []byte
	_, err = pgx.ForEachRow(rows, []any{&person, &t, &number, &mark}, func() error {
		switch {
		case len(person) == len(events.Person{}):
			n.erased[events.Person(person)] = true
		case len(number) == len(numberHash{}):
			n.unlinked = append(n.unlinked, numberHash(number))
		case len(mark) == len(numberHash{}):
			n.unmarked = append(n.unmarked, [16]byte(mark))
		default:
			n.forgotten[token(t)] = true
		}
		return nil
	})
	return n, err
}

// readMarks reads the marks that were set above a version, and up to where the log was taken in.
func readMarks(ctx context.Context, tx pgx.Tx, n *indexUpdate, since int64) error {
	rows, err := tx.Query(ctx, "SELECT hash, person, kind, until FROM vault.identified WHERE version > $1", since)
	if err != nil {
		return err
	}
	var hash, person []byte
	var kind int32
	var until int64
	if _, err := pgx.ForEachRow(rows, []any{&hash, &person, &kind, &until}, func() error {
		m, err := newMarkedHash(hash, person, int64(kind), until)
		n.marks = append(n.marks, m)
		return err
	}); err != nil {
		return err
	}
	var position []byte
	err = tx.QueryRow(ctx, "SELECT value FROM vault.meta WHERE name=$1", upToName).Scan(&position)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		n.upTo, err = decodePosition(position)
	}
	return err
}

// readPending reads everybody who is pending: there are few of them at any time.
func readPending(ctx context.Context, tx pgx.Tx, n *indexUpdate) error {
	rows, err := tx.Query(ctx, "SELECT person, needs FROM vault.pending")
	if err != nil {
		return err
	}
	n.pending = map[events.Person]standing{}
	var person, needs []byte
	_, err = pgx.ForEachRow(rows, []any{&person, &needs}, func() error {
		if len(person) != len(events.Person{}) {
			return errors.New("a row of pending is damaged")
		}
		n.pending[events.Person(person)] = decodeStanding(needs)
		return nil
	})
	return err
}

// scrub frees the space of deleted rows, so that it is overwritten when it is used again.
func (s *postgresStore) scrub(ctx context.Context) error {
	for _, table := range []string{"person", "mark", "pending", "identified"} {
		if _, err := s.pool.Exec(ctx, "VACUUM vault."+table); err != nil {
			return fmt.Errorf("vault: %w", err)
		}
	}
	return nil
}
