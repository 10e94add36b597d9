// Package vault keeps who people are, so that the log need not.
//
// A person is a random UUID, the pseudonym, found again through a keyed hash
// of the identity number. Name, identity number, phone and household are
// sealed with AES-256-GCM under a key of that person's own, which is itself
// wrapped by the vault's master key. Events carry the pseudonym, the sealed
// text, and tokens: random numbers that are equal for equal names, phones,
// households and accounts, and say nothing else.
//
// # Guarantees
//
//   - Enter and Assign return once what they created is on the disk (SQLite,
//     WAL, synchronous=FULL): no pseudonym is handed out that a crash can
//     take back. Callers that wait at the same time share one transaction.
//   - The same identity number has the same pseudonym until it is erased;
//     whoever comes back after that is a new person.
//   - Erase deletes the person's row and key and every token that nobody else
//     holds, overwrites the freed pages and empties the write-ahead log. What
//     was sealed for the person, in whatever copy of the log, stays closed.
//   - No error holds an identity.
//
// All methods are safe for concurrent use. A vault belongs to one process:
// the file is locked, and a second Open fails with [ErrLocked].
//
// # Keys
//
// The master key is 32 random bytes, in hexadecimal, in a file of its own that
// nobody but its owner may read. The vault's own keys (to wrap, to index, to
// digest) are derived from it by HKDF-SHA256. Whoever has both the key and the
// database can read everybody; whoever lost the key can read nobody. Back the
// key up apart from the database and from the log.
//
// # What the memory holds
//
// Identity numbers are looked up a million times a month, so the index of
// their hashes is kept in memory, as are the tokens: some 230 bytes a person
// with a phone and a household. Names and numbers are not.
package vault

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	_ "modernc.org/sqlite" // the driver
)

var (
	// ErrKey says that the master key is missing, malformed, or not the one
	// that the database was made with. Restore it from its backup; without it
	// nothing can be read.
	ErrKey = errors.New("vault: master key is not that of this vault")
	// ErrExposed says that others may read the key, the database or its
	// folder. Take their rights away: chmod go= FILE.
	ErrExposed = errors.New("vault: others have access")
	// ErrLocked says that another process has the vault open.
	ErrLocked = errors.New("vault: another process has it open")
	// ErrUnknown says that the vault knows no such person.
	ErrUnknown = errors.New("vault: unknown person")
	// ErrClosed says that the vault was closed.
	ErrClosed = errors.New("vault: closed")
)

// A Vault is one open vault.
type Vault struct {
	db   *sql.DB
	conn *sql.Conn // the only one; the writer's

	wrap    cipher.AEAD // wraps the persons' keys
	numbers *mac        // identity number to index
	values  *mac        // name, phone, household or account to index
	digests *mac

	jobs   chan *job
	closed chan struct{} // the writer is to stop
	ended  chan struct{} // it has
	once   sync.Once

	statements map[string]*sql.Stmt // the writer's
	last       uint32               // row of the last person; the writer's

	mu      sync.RWMutex // guards the indexes; only the writer changes them
	persons map[numberHash]events.Person
	facts   map[events.Person]fact
	tokens  map[valueHash]token
}

type (
	numberHash [16]byte // keyed hash of an identity number
	valueHash  uint64   // keyed hash of a kind and a value of it
	token      uint64   // random
)

// A fact is what is known of a person without opening anything.
type fact struct {
	row    uint32
	birth  civil.Month
	female bool
}

const schema = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (
	n      INTEGER PRIMARY KEY,
	person BLOB NOT NULL,    -- the pseudonym, 16 bytes
	number BLOB NOT NULL,    -- keyed hash of the identity number, 16 bytes
	birth  INTEGER NOT NULL, -- month, as civil.Month
	female INTEGER NOT NULL,
	key    BLOB NOT NULL,    -- the person's key, wrapped by the master key
	sealed BLOB NOT NULL,    -- the identity as it was given last, under that key
	marks  BLOB NOT NULL     -- hashes of the values held, 8 bytes each
);
CREATE TABLE IF NOT EXISTS mark (
	n     INTEGER PRIMARY KEY,
	hash  INTEGER NOT NULL, -- keyed hash of kind and value
	token INTEGER NOT NULL
);`

// Open opens the vault in the folder dir, and makes folder, database and key
// where there is no vault yet. A key that is there already is used; a database
// without its key is ErrKey.
func Open(dir, keyFile string) (*Vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := private(dir); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "vault.db")
	made, err := touch(file)
	if err != nil {
		return nil, err
	}
	master, err := masterKey(keyFile, made)
	if err != nil {
		return nil, err
	}
	v := &Vault{
		jobs: make(chan *job, 256), closed: make(chan struct{}), ended: make(chan struct{}),
		statements: map[string]*sql.Stmt{},
		persons:    map[numberHash]events.Person{}, facts: map[events.Person]fact{}, tokens: map[valueHash]token{},
	}
	if err := v.derive(master); err != nil {
		return nil, err
	}
	if err := v.open(file, master); err != nil {
		return nil, errors.Join(err, v.shut())
	}
	go v.write()
	return v, nil
}

func (v *Vault) open(file string, master []byte) (err error) {
	ctx := context.Background()
	if v.db, err = sql.Open("sqlite", file); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if v.conn, err = v.db.Conn(ctx); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	for _, s := range []string{
		"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
		"PRAGMA secure_delete=ON", "PRAGMA temp_store=MEMORY", "BEGIN EXCLUSIVE", schema, "COMMIT",
	} {
		if _, err := v.conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("vault: %w", locked(err))
		}
	}
	if err := v.recognise(ctx, master); err != nil {
		return err
	}
	return v.load(ctx)
}

// Close waits for what is under way and closes the vault.
func (v *Vault) Close() error {
	v.once.Do(func() { close(v.closed) })
	<-v.ended
	return v.shut()
}

func (v *Vault) shut() (err error) {
	if v.conn != nil {
		err = v.conn.Close()
	}
	if v.db != nil {
		err = errors.Join(err, v.db.Close())
	}
	return err
}
