package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/muster-works/muster/events"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A sqliteStore keeps the rows in a file that belongs to this process. The file is
// locked, in WAL mode with synchronous=FULL, and with secure_delete, which overwrites
// deleted rows.
type sqliteStore struct {
	lock       localLock
	db         *sql.DB
	conn       *sql.Conn // the only connection; the writer uses it
	statements map[string]*sql.Stmt
	version    int64 // counts the commits of this process: nobody else writes
}

const sqliteSchema = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (
	n      INTEGER PRIMARY KEY,
	person BLOB NOT NULL,    -- the pseudonym, 16 bytes
	number BLOB NOT NULL,    -- keyed hash of the identity number, 16 bytes
	birth  INTEGER NOT NULL, -- month, as civil.Month
	female INTEGER NOT NULL,
	key    BLOB NOT NULL,    -- the person's key, wrapped by the master key
	sealed BLOB NOT NULL,    -- what is known of the identity, under that key
	marks  BLOB NOT NULL     -- hashes of the values held, 8 bytes each
);
CREATE TABLE IF NOT EXISTS mark (
	n     INTEGER PRIMARY KEY,
	hash  INTEGER NOT NULL, -- keyed hash of kind and value
	token INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS pending (
	person BLOB PRIMARY KEY, -- the pseudonym
	needs  BLOB NOT NULL     -- events that wait, see Need.append
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identified (
	hash   BLOB PRIMARY KEY, -- of an identity number or of the key of an event, see mark
	person BLOB NOT NULL,
	kind   INTEGER NOT NULL,
	until  INTEGER NOT NULL
) WITHOUT ROWID;`

// Open opens the vault in the folder dir. If there is no vault yet, it creates the folder,
// the database and the master key; a master key that is there already is used. It fails
// with [ErrKey] if there is a database without its key, with [ErrExposed] if other users
// have rights to one of the files, and with [ErrLocked] if another process has the vault
// open.
func Open(dir, keyFile string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := checkPrivate(dir); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "vault.db")
	made, err := createEmpty(file)
	if err != nil {
		return nil, err
	}
	master, err := loadMasterKey(keyFile, made)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	s, err := openSQLite(ctx, file, master)
	if err != nil {
		return nil, err
	}
	return newVault(ctx, s, master)
}

func openSQLite(ctx context.Context, file string, master []byte) (_ *sqliteStore, err error) {
	s := &sqliteStore{statements: map[string]*sql.Stmt{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.db, err = sql.Open("sqlite", file); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	for _, q := range []string{
		"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
		"PRAGMA secure_delete=ON", "PRAGMA temp_store=MEMORY", "BEGIN EXCLUSIVE", sqliteSchema, "COMMIT",
	} {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("vault: %w", lockedError(err))
		}
	}
	check, err := deriveKey(master, "check")
	if err != nil {
		return nil, err
	}
	if _, err := s.conn.ExecContext(ctx, "INSERT INTO meta VALUES ('check',?) ON CONFLICT DO NOTHING", check); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	var have []byte
	if err := s.conn.QueryRowContext(ctx, "SELECT value FROM meta WHERE name='check'").Scan(&have); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return s, checkKey(have, check)
}

// lockedError replaces the error of a locked file by [ErrLocked].
func lockedError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return ErrLocked
	}
	return err
}

func (s *sqliteStore) close() (err error) {
	for _, p := range s.statements {
		err = errors.Join(err, p.Close())
	}
	if s.conn != nil {
		err = errors.Join(err, s.conn.Close())
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// read returns everything for the version 0, and nothing for any other: nobody else
// changes the file.
func (s *sqliteStore) read(ctx context.Context, since int64) (*indexUpdate, error) {
	if since > 0 {
		return nil, nil
	}
	s.version = 1
	n := &indexUpdate{version: s.version}
	rows, err := s.conn.QueryContext(ctx, "SELECT n, person, number, birth, female FROM person ORDER BY n")
	if err != nil {
		return nil, fmt.Errorf("vault: load persons: %w", err)
	}
	defer rows.Close()
	var person, number []byte
	for rows.Next() {
		var f attributes
		if err := rows.Scan(&f.row, &person, &number, &f.birth, &f.female); err != nil {
			return nil, fmt.Errorf("vault: load persons: %w", err)
		}
		k, err := newIndexedPerson(f, person, number)
		if err != nil {
			return nil, err
		}
		n.persons = append(n.persons, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: load persons: %w", err)
	}
	return n, errors.Join(s.readTokens(ctx, n), s.readPending(ctx, n), s.readMarks(ctx, n))
}

func (s *sqliteStore) readPending(ctx context.Context, n *indexUpdate) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT person, needs FROM pending")
	if err != nil {
		return fmt.Errorf("vault: load pending persons: %w", err)
	}
	defer rows.Close()
	n.pending = map[events.Person]standing{}
	var person, needs []byte
	for rows.Next() {
		if err := rows.Scan(&person, &needs); err != nil {
			return fmt.Errorf("vault: load pending persons: %w", err)
		}
		if len(person) != len(events.Person{}) {
			return errors.New("vault: a row of pending is damaged")
		}
		n.pending[events.Person(person)] = decodeStanding(needs)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: load pending persons: %w", err)
	}
	return nil
}

func (s *sqliteStore) readMarks(ctx context.Context, n *indexUpdate) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT hash, person, kind, until FROM identified")
	if err != nil {
		return fmt.Errorf("vault: load identified: %w", err)
	}
	defer rows.Close()
	var hash, person []byte
	var kind, until int64
	for rows.Next() {
		if err := rows.Scan(&hash, &person, &kind, &until); err != nil {
			return fmt.Errorf("vault: load identified: %w", err)
		}
		m, err := newMarkedHash(hash, person, kind, until)
		if err != nil {
			return err
		}
		n.marks = append(n.marks, m)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: load identified: %w", err)
	}
	var position []byte
	err = s.conn.QueryRowContext(ctx, "SELECT value FROM meta WHERE name=?", upToName).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		n.upTo, err = decodePosition(position)
	}
	if err != nil {
		return fmt.Errorf("vault: load identified: %w", err)
	}
	return nil
}

func (s *sqliteStore) readTokens(ctx context.Context, n *indexUpdate) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT hash, token FROM mark")
	if err != nil {
		return fmt.Errorf("vault: load tokens: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash, t int64
		if err := rows.Scan(&hash, &t); err != nil {
			return fmt.Errorf("vault: load tokens: %w", err)
		}
		n.tokens = append(n.tokens, valueToken{valueHash(hash), token(t)})
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("vault: load tokens: %w", err)
	}
	return nil
}

// scrub empties the write-ahead log. In the file itself secure_delete has overwritten
// what was deleted.
func (s *sqliteStore) scrub(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

func (s *sqliteStore) erasureLock() erasureLock { return &s.lock }

// A localLock is the lock of a vault that belongs to one process.
type localLock struct{ sync.RWMutex }

func (l *localLock) shared(context.Context) (func(), error) {
	l.RLock()
	return l.RUnlock, nil
}

func (l *localLock) exclusive(context.Context) (func(), error) {
	l.Lock()
	return l.Unlock, nil
}
