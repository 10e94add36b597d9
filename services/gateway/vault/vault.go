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
//   - Enter and Assign return once what they created is on the disk: no
//     pseudonym is handed out that a crash can take back. Callers that wait at
//     the same time share one transaction.
//   - The same identity number has the same pseudonym, in all gateways of the
//     vault, until it is erased; whoever comes back after that is a new person.
//   - Erase deletes the person's row and key and every token that nobody else
//     holds. What was sealed for the person, in whatever copy of the log, stays
//     closed to everybody who reads the vault.
//   - No error holds an identity, or a password.
//
// All methods are safe for concurrent use.
//
// # Two stores
//
// [Open] keeps the vault in a SQLite file of one process: the file is locked,
// and a second Open fails with [ErrLocked]. What is erased is overwritten in the
// file, and the write-ahead log is emptied.
//
// [OpenPostgres] keeps it on a PostgreSQL server, which any number of gateways
// share, each with the same master key. Its transactions take turns, so that
// each knows all that was entered before it; what a gateway does not enter
// itself it learns when a submission begins ([Vault.LockShared]). PostgreSQL gives
// the space of deleted rows free, and overwrites it when it is used again; its
// own log and its backups keep them until they are recycled.
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
// with a phone and a household, in every gateway. Names and numbers are not.
package vault

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
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

// Unavailable turns an error of a vault into the one that ends a submission: the
// error of the context, or [log.ErrUnavailable] wrapped around the vault's own.
func Unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", log.ErrUnavailable, err)
}

// A Vault is one open vault.
type Vault struct {
	store store
	door  door

	wrap    cipher.AEAD // wraps the persons' keys
	numbers *mac        // identity number to index
	values  *mac        // name, phone, household or account to index
	digests *mac

	jobs   chan *job
	closed chan struct{} // the writer is to stop
	ended  chan struct{} // it has
	once   sync.Once

	mu      sync.RWMutex // guards what follows
	version int64        // of the index
	last    uint32       // row of the last person
	erased  uint64       // persons whom the news took away
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

func newVault(ctx context.Context, s store, master []byte) (*Vault, error) {
	v := &Vault{
		store: s, door: s.door(),
		jobs: make(chan *job, 256), closed: make(chan struct{}), ended: make(chan struct{}),
		persons: map[numberHash]events.Person{}, facts: map[events.Person]fact{}, tokens: map[valueHash]token{},
	}
	if err := errors.Join(v.derive(master), v.load(ctx)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	go v.write()
	return v, nil
}

// Close waits for what is under way and closes the vault.
func (v *Vault) Close() error {
	v.once.Do(func() { close(v.closed) })
	<-v.ended
	return v.store.close()
}
